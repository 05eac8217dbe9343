"""Exports of views: asked for, waited for, fetched, in the form asked for, by whoever asked, from a store."""

import csv
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.api.exporting.views import VIEWS
from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day, mint
from analytics_platform_tests.simulator.export_asking import (
    EXPORTS,
    Record,
    fetched,
    finished,
    listed,
    request,
    table,
    wanted,
)

StartOrg = Callable[..., SimulatedOrg]


def refusal(asker: Asker, **changed: Any) -> str:
    answer = asker.http.post(EXPORTS, json=wanted(**changed))
    assert answer.status_code == 400, answer.text
    return str(answer.json()["message"])


def test_an_export_runs_by_looks_and_tells_where_its_file_is(org: SimulatedOrg, asker: Asker) -> None:
    export = request(asker)
    seen = [listed(asker, export) for _ in range(3)]
    assert [told["status"] for told in seen] == ["SUBMITTED", "RUNNING", "COMPLETED"]
    assert [told["percentageComplete"] for told in seen] == [0, 50, 100]
    done = seen[-1]
    assert done["downloadUrl"].startswith(f"{org.url}/api/v2/downloads/")
    assert set(done) <= set(model("ReportingExportJobResponse").fields)
    required = {field.name for field in model("ReportingExportJobResponse").fields.values() if field.required}
    assert required <= set(done)
    assert {name: done[name] for name in wanted()} == wanted()


def test_the_address_is_under_the_name_the_caller_used(org: SimulatedOrg, asker: Asker) -> None:
    finished(asker)
    by_name = org.url.replace("127.0.0.1", "localhost")
    answer = asker.http.get(EXPORTS, headers={"Host": by_name.removeprefix("http://")})
    assert answer.json()["entities"][0]["downloadUrl"].startswith(f"{by_name}/api/v2/downloads/")


def test_columns_are_selected_in_the_order_asked_after_those_required(asker: Asker) -> None:
    told = [{"columnName": "avgHandle", "columnOrder": 2}, {"columnName": "offer", "columnOrder": 1}]
    rows = table(asker, selectedColumns=told)
    required = ["Interval Start", "Interval End", "Interval Complete", "Queue Id", "Queue Name"]
    assert list(rows[0]) == [*required, "Offer", "Avg Handle"]


@pytest.mark.parametrize(
    ("style", "unit", "shape"),
    [("Seconds", "s", r"\d+(\.\d+)?"), ("Hhmmss", "hh:mm:ss", r"\d\d:\d\d:\d\d"), ("Hms", "h m s", r"\d+h \d+m \d+s")],
)
def test_durations_are_written_as_asked(asker: Asker, style: str, unit: str, shape: str) -> None:
    rows = table(
        asker, durationFormat=style, includeDurationFormatInHeader=True, delimiter=";", csvDelimiter="SEMICOLON"
    )
    column = [row[f"Total Handle ({unit})"] for row in rows]
    assert any(column)
    assert all(re.fullmatch(shape, cell) for cell in column if cell)


def test_instants_are_of_the_time_zone_asked_for(asker: Asker) -> None:
    rows = table(asker, timeZone="Europe/Berlin", period="P1D", interval="2026-03-01T23:00:00Z/2026-03-02T23:00:00Z")
    assert {row["Interval Start"] for row in rows} == {"2026-03-02T00:00:00.000+01:00"}


def test_cells_are_quoted_where_they_must_be_or_always(start_org: StartOrg) -> None:
    with asking(start_org(assume=["export_csv_quotes_all=true", "export_csv_bom=false"])) as asker:
        lines = fetched(asker, finished(asker)).text.splitlines()
        assert lines[0].startswith('"Interval Start","Interval End"')
        assert all(line.startswith('"') and line.endswith('"') for line in lines)


def test_a_pdf_is_a_pdf(asker: Asker) -> None:
    answer = fetched(asker, finished(asker, exportFormat="PDF"))
    content = answer.content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert content.startswith(b"%PDF-1.4\n")
    assert content.endswith(b"%%EOF\n")
    place = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    table_of_objects = content[place:].split(b"\n")
    assert table_of_objects[0] == b"xref"
    count = int(table_of_objects[1].split()[1])
    for number_, line in enumerate(table_of_objects[3 : 2 + count], 1):
        assert content[int(line[:10]) :].startswith(b"%d 0 obj" % number_)
    assert b"(of a test) Tj" in content


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": None}, "name may not be null"),
        ({"viewType": "NO_SUCH_VIEW"}, "Value [NO_SUCH_VIEW] is not valid for field type [ViewType]"),
        ({"exportFormat": "XLSX"}, "Allowable values are: CSV, PDF"),
        ({"csvDelimiter": "TAB"}, "Allowable values are: SEMICOLON, COMMA"),
        ({"interval": "2026-01-01T00:00Z/2026-03-02T00:00Z"}, "does not exceed 31 days"),
        ({"interval": "yesterday"}, "Invalid interval"),
        ({"timeZone": "Mars/Olympus"}, "Invalid time zone: Mars/Olympus"),
        ({"period": "an hour"}, "an hour"),
        ({"filter": {"surveyFormIds": ["x"]}}, "The filter surveyFormIds is not supported by QUEUE_PERFORMANCE"),
        ({"viewType": "QUEUE_PERFORMANCE_DETAIL_VIEW"}, "The filter queueIds is required"),
        ({"selectedColumns": [{"columnName": "weather"}]}, "The column weather is not available"),
        ({"hasCustomParticipantAttributes": True}, "does not support hasCustomParticipantAttributes"),
    ],
)
def test_a_request_that_is_not_right_is_refused(asker: Asker, changed: Record, words: str) -> None:
    assert words in refusal(asker, **changed)


def test_a_view_that_is_not_served_fails_in_its_run(asker: Asker) -> None:
    told = finished(asker, viewType="API_USAGE_VIEW")
    assert (told["status"], told["exportErrorMessagesType"]) == ("FAILED", "EXPORT_TYPE_NOT_IMPLEMENTED")
    assert "downloadUrl" not in told


def test_faults_of_exports(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("export_failed", reason="FAILED_LONG_RUNNING_EXPORT")
    assert finished(asker)["exportErrorMessagesType"] == "FAILED_LONG_RUNNING_EXPORT"
    whole = table(asker)
    org.arm("export_partial", "exports.request")
    partial = finished(asker)
    assert partial["status"] == "COMPLETED_WITH_PARTIAL_RESULTS"
    assert len(fetched(asker, partial).text.splitlines()) == 1 + len(whole) // 2
    org.arm("export_stuck")
    stuck = request(asker)
    assert [listed(asker, stuck)["status"] for _ in range(5)] == ["SUBMITTED", *["RUNNING"] * 4]


def test_a_file_that_is_too_large_fails(start_org: StartOrg) -> None:
    with asking(start_org(assume=["export_max_bytes=1000"])) as asker:
        told = finished(asker)
        assert told["exportErrorMessagesType"] == "FAILED_AS_EXPORT_FILE_SIZE_IS_GREATER_THAN_10MB"


def test_each_client_sees_and_fetches_its_own_exports_only(start_org: StartOrg) -> None:
    org = start_org(client=["one:x", "two:x", "three:x:analytics:dataExport:add"])
    one, two, three = (Asker(org, mint(org, name, "x")) for name in ("one", "two", "three"))
    with one.http, two.http, three.http:
        mine = finished(one)
        assert two.http.get(EXPORTS).json()["entities"] == []
        assert two.http.get(mine["downloadUrl"]).status_code == 404
        request(three)
        assert three.http.get(EXPORTS).json()["code"] == "missing.permissions"


def test_exports_are_listed_by_pages_the_newest_first(start_org: StartOrg) -> None:
    with asking(start_org()) as asker:
        ids = [request(asker) for _ in range(5)]
        pages = [asker.http.get(EXPORTS, params={"pageSize": 2, "pageNumber": page}).json() for page in (1, 2, 3)]
        assert [told["id"] for page in pages for told in page["entities"]] == ids[::-1]
        assert {page["total"] for page in pages} == {5}


def test_the_store_wants_no_token_and_forgets(start_org: StartOrg) -> None:
    org = start_org(assume=["download_url_seconds=0"])
    with asking(org) as asker:
        done = finished(asker)
        unauthorized = httpx.get(done["downloadUrl"], trust_env=False, verify=NO_TLS)
        assert unauthorized.status_code == 401
        stored = asker.http.get(done["downloadUrl"]).headers["Location"]
        assert stored.startswith(f"{org.url}/__storage__/")
        with_token = httpx.get(stored, headers={"Authorization": f"Bearer {mint(org)}"}, trust_env=False, verify=NO_TLS)
        assert with_token.status_code == 400
        assert "Only one auth mechanism allowed" in with_token.text
        expired = httpx.get(stored, trust_env=False, verify=NO_TLS)
        assert (expired.status_code, "Request has expired" in expired.text) == (403, True)
        unknown = httpx.get(f"{org.url}/__storage__/nothing", trust_env=False, verify=NO_TLS)
        assert unknown.status_code == 403
        assert asker.http.get(f"{org.url}/api/v2/downloads/nothing").status_code == 404


def test_the_store_fails_as_armed(org: SimulatedOrg, asker: Asker) -> None:
    done = finished(asker)
    org.arm("status", "storage", status=503)
    stored = asker.http.get(done["downloadUrl"]).headers["Location"]
    assert httpx.get(stored, trust_env=False, verify=NO_TLS).status_code == 503
    org.arm("cut", "storage")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(stored, trust_env=False, verify=NO_TLS)
    assert httpx.get(stored, trust_env=False, verify=NO_TLS).status_code == 200


def test_metadata_tell_of_each_view_what_its_exports_do(asker: Asker) -> None:
    told = asker.http.get(f"{EXPORTS}/metadata").json()
    views = {entity["viewType"]: entity for entity in told["entities"]}
    assert set(views) == set(VIEWS)
    assert set(views) <= set(model("ReportingExportJobRequest").fields["viewType"].known_values)
    known = set(model("ReportingExportMetadataJobResponse").fields)
    for name, entity in views.items():
        assert set(entity) <= known
        assert set(entity["requiredFilters"]) <= set(entity["supportedFilters"]) <= set(model("ViewFilter").fields)
        filters = {
            each: model("ViewFilter").fields[each].known_values[:1] or ["00000000-0000-4000-8000-000000000000"]
            for each in entity["supportedFilters"]
        }
        chosen = [{"columnName": column} for column in entity["availableColumnIds"]]
        done = finished(
            asker, viewType=name, filter=filters, selectedColumns=chosen, interval=day(DAYS[2]), period="P1D"
        )
        assert done["status"] == "COMPLETED", (name, done)
        headings = next(csv.reader(StringIO(fetched(asker, done).content.decode("utf-8-sig"))))
        assert len(headings) == len(set(headings)) == len(entity["availableColumnIds"])
        assert entity["dateLimitations"] == "P31D"
