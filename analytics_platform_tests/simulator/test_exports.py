"""Exports of views: asked for, waited for, fetched; what they hold is the aggregate of the same interval and period."""

import csv
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.api.exporting.aggregates import AggregateView
from analytics_platform.simulator.api.exporting.views import VIEWS
from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day, mint

StartOrg = Callable[..., SimulatedOrg]
Record = dict[str, Any]
EXPORTS = "/reporting/exports"
QUEUES = "QUEUE_PERFORMANCE_SUMMARY_VIEW"
AGENTS = "AGENT_PERFORMANCE_SUMMARY_VIEW"


def wanted(**changed: Any) -> Record:
    """A request for a day of queue performance by the hour."""
    return {
        "name": "of a test",
        "timeZone": "UTC",
        "exportFormat": "CSV",
        "interval": day(DAYS[0]),
        "period": "PT1H",
        "viewType": QUEUES,
        "filter": {},
        "locale": "en-us",
        "excludeEmptyRows": True,
    } | changed


def request(asker: Asker, **changed: Any) -> str:
    """The id of a new export."""
    answer = asker.http.post(EXPORTS, json=wanted(**changed))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["percentageComplete"]) == ("SUBMITTED", 0)
    assert set(told) <= set(model("ReportingExportJobResponse").fields)
    return str(told["id"])


def listed(asker: Asker, export: str) -> Record:
    entities = asker.http.get(EXPORTS, params={"pageSize": 100}).json()["entities"]
    return next(told for told in entities if told["id"] == export)


def finished(asker: Asker, **changed: Any) -> Record:
    """An export once it is neither SUBMITTED nor RUNNING."""
    export = request(asker, **changed)
    while (told := listed(asker, export))["status"] in ("SUBMITTED", "RUNNING"):
        assert "downloadUrl" not in told
    return told


def fetched(asker: Asker, export: Record) -> httpx.Response:
    """The file of a completed export, by way of the redirect, the token left behind."""
    redirect = asker.http.get(export["downloadUrl"])
    assert redirect.status_code == 303, redirect.text
    answer = httpx.get(redirect.headers["Location"], trust_env=False, verify=NO_TLS)
    assert answer.status_code == 200, answer.text
    return answer


def table(asker: Asker, delimiter: str = ",", **changed: Any) -> list[dict[str, str]]:
    """The rows of an export's CSV by heading."""
    content = fetched(asker, finished(asker, **changed)).content
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def refusal(asker: Asker, **changed: Any) -> str:
    answer = asker.http.post(EXPORTS, json=wanted(**changed))
    assert answer.status_code == 400, answer.text
    return str(answer.json()["message"])


def aggregated(asker: Asker, family: str, **body: Any) -> dict[tuple[str, ...], dict[str, Record]]:
    """Statistics by metric (and qualifier) of each bucket's start and group."""
    answer = asker.http.post(f"/{family}/aggregates/query", json=body)
    assert answer.status_code == 200, answer.text
    return {
        (data["interval"].split("/")[0].replace("Z", "+00:00"), *result["group"].values()): {
            "/".join(filter(None, (told["metric"], told.get("qualifier")))): told["stats"] for told in data["metrics"]
        }
        for result in answer.json()["results"]
        for data in result["data"]
    }


def mean(statistics: Record | None) -> float | None:
    return None if statistics is None else round(statistics["sum"] / statistics["count"], 2)


def number(text: str) -> float | None:
    return float(text) if text else None


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


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(("view", "dimension", "heading"), [(QUEUES, "queueId", "Queue"), (AGENTS, "userId", "Agent")])
def test_a_performance_view_equals_the_aggregate_row_by_row(
    asker: Asker, view: str, dimension: str, heading: str, split: bool
) -> None:
    rows = table(asker, viewType=view, hasSplitByMedia=split)
    groups = ["mediaType", dimension] if split else [dimension]
    exists = {"type": "and", "predicates": [{"dimension": dimension, "operator": "exists"}]}
    expected = aggregated(
        asker,
        "conversations",
        interval=day(DAYS[0]),
        granularity="PT1H",
        groupBy=groups,
        filter=exists,
        metrics=[
            "nOffered",
            "tAnswered",
            "tHandle",
            "tTalkComplete",
            "tAcw",
            "nTransferred",
            "tAlert",
            "oServiceLevel",
        ],
    )
    found = {
        (row["Interval Start"], *((row["Media Type"],) if split else ()), row[f"{heading} Id"]): row for row in rows
    }
    assert len(found) == len(rows) > 20
    measured = {key: told for key, told in expected.items() if key in found}
    assert len(measured) > 20
    for key, row in found.items():
        told = measured.get(key, {})
        assert number(row["Answer"]) == told.get("tAnswered", {}).get("count")
        assert number(row["Handle"]) == told.get("tHandle", {}).get("count")
        assert number(row["Total Handle"]) == told.get("tHandle", {}).get("sum")
        assert number(row["Avg Talk"]) == mean(told.get("tTalkComplete"))
        assert number(row["Avg ACW"]) == mean(told.get("tAcw"))
        assert number(row["Transfer"]) == told.get("nTransferred", {}).get("count")
        if view == QUEUES:
            assert number(row["Offer"]) == told.get("nOffered", {}).get("count")
            share = told.get("oServiceLevel", {}).get("ratio")
            assert number(row["Service Level %"]) == (None if share is None else round(share, 4))
        assert row["Interval Complete"] == "TRUE"
        assert row[f"{heading} Name"]


def test_statuses_equal_the_user_aggregate(asker: Asker) -> None:
    rows = table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", period="P1D")
    users = [row["Agent Id"] for row in rows]
    expected = aggregated(
        asker,
        "users",
        interval=day(DAYS[0]),
        granularity="P1D",
        groupBy=["userId"],
        filter={"type": "or", "predicates": [{"dimension": "userId", "value": user} for user in users]},
        metrics=["tSystemPresence", "tAgentRoutingStatus"],
    )
    assert {(row["Interval Start"], row["Agent Id"]) for row in rows} == set(expected)
    for row in rows:
        told = expected[row["Interval Start"], row["Agent Id"]]
        assert number(row["On Queue"]) == told.get("tSystemPresence/ON_QUEUE", {}).get("sum")
        assert number(row["Interacting"]) == told.get("tAgentRoutingStatus/INTERACTING", {}).get("sum")
        signed_in = [
            statistics["sum"]
            for name, statistics in told.items()
            if name.startswith("tSystemPresence") and not name.endswith("/OFFLINE")
        ]
        assert number(row["Logged In"]) == (sum(signed_in) if signed_in else None)


def test_flow_outcomes_and_wrap_ups_equal_their_aggregates(asker: Asker) -> None:
    interval, period = f"{DAYS[0]}T00:00:00.000Z/2026-03-05T00:00:00.000Z", "P1D"
    rows = table(asker, viewType="FLOW_OUTCOME_SUMMARY_VIEW", interval=interval, period=period)
    outcomes = aggregated(
        asker,
        "flows",
        interval=interval,
        granularity=period,
        groupBy=["flowOutcomeId"],
        filter={"type": "and", "predicates": [{"dimension": "flowOutcomeId", "operator": "exists"}]},
        metrics=["nFlowOutcome"],
    )
    assert {(row["Interval Start"], row["Flow Outcome Id"]): int(row["Outcome"]) for row in rows} == {
        key: told["nFlowOutcome"]["count"] for key, told in outcomes.items()
    }
    assert len(rows) > 5
    rows = table(asker, viewType="WRAP_UP_PERFORMANCE_SUMMARY_VIEW", interval=interval, period=period)
    codes = aggregated(
        asker,
        "conversations",
        interval=interval,
        granularity=period,
        groupBy=["wrapUpCode"],
        filter={"type": "and", "predicates": [{"dimension": "wrapUpCode", "operator": "exists"}]},
        metrics=["tHandle"],
    )
    handled = {(row["Interval Start"], row["Wrap-up Code"]): int(row["Handle"]) for row in rows if row["Handle"]}
    assert handled == {key: told["tHandle"]["count"] for key, told in codes.items()}


def test_interactions_are_the_conversations_that_started_in_the_interval(org: SimulatedOrg, asker: Asker) -> None:
    morning = f"{DAYS[1]}T08:00:00.000Z/{DAYS[1]}T12:00:00.000Z"
    rows = table(asker, viewType="INTERACTION_DETAIL_VIEW", interval=morning)
    org.set_lag(conversations=0)
    truth = [
        record
        for record in org.truth_conversations(DAYS[1], DAYS[1])
        if f"{DAYS[1]}T08" <= record["conversationStart"] < f"{DAYS[1]}T12"
    ]
    org.set_lag(conversations=6)
    assert [row["Conversation ID"] for row in rows] == [record["conversationId"] for record in truth] != []
    assert [row["Date"][:19] for row in rows] == [record["conversationStart"][:19] for record in truth]
    voice = table(asker, viewType="INTERACTION_DETAIL_VIEW", interval=morning, filter={"mediaTypes": ["voice"]})
    assert [row["Conversation ID"] for row in voice] == [
        row["Conversation ID"] for row in rows if "voice" in row["Media Type"].split("; ")
    ]


def test_an_interaction_names_its_agents_and_queues_and_tells_whether_the_file_is_whole(
    org: SimulatedOrg, asker: Asker
) -> None:
    rows = table(asker, viewType="INTERACTION_SEARCH_VIEW")
    queues = {row["Queue Name"] for row in table(asker, excludeEmptyRows=False)}
    agents = {row["Agent Name"] for row in table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", excludeEmptyRows=False)}
    assert {name for row in rows for name in row["Queue"].split("; ")} - {""} <= queues
    assert {name for row in rows for name in row["Users"].split("; ")} - {""} <= agents
    assert {(row["Full Export Completed"], row["Partial Result Timestamp"]) for row in rows} == {("TRUE", "")}
    org.arm("export_partial")
    half = table(asker, viewType="INTERACTION_SEARCH_VIEW")
    assert [row["Conversation ID"] for row in half] == [row["Conversation ID"] for row in rows[: len(rows) // 2]]
    assert {row["Full Export Completed"] for row in half} == {"FALSE"}
    assert {row["Partial Result Timestamp"] for row in half} == {"2026-03-07T00:00:00.000+00:00"}


def test_filters_choose_and_are_told(asker: Asker) -> None:
    everything = table(asker)
    queue = everything[0]["Queue Id"]
    chosen = table(asker, viewType="QUEUE_PERFORMANCE_DETAIL_VIEW", filter={"queueIds": [queue]})
    assert {row["Filters"] for row in chosen} == {f"queueIds: {queue}"}
    told = [{**row, "Filters": ""} for row in chosen]
    assert told == [row for row in everything if row["Queue Id"] == queue]


def test_empty_rows_are_there_unless_excluded(asker: Asker) -> None:
    full = table(asker, excludeEmptyRows=False)
    assert len(full) == 24 * 12
    measures = list(full[0])[list(full[0]).index("Queue Name") + 1 :]
    assert [row for row in full if any(row[name] for name in measures)] == table(asker)


def test_the_summary_is_the_aggregate_of_everything(asker: Asker) -> None:
    *rows, summary = table(asker, hasSummaryRow=True)
    assert (summary["Queue Id"], summary["Queue Name"]) == ("", "Summary")
    assert int(summary["Offer"]) == sum(int(row["Offer"] or 0) for row in rows) > 0
    *rows, summary = table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", hasSummaryRow=True)
    assert int(summary["On Queue"]) == sum(int(row["On Queue"] or 0) for row in rows) > 0


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


def test_views_measure_what_their_family_knows() -> None:
    for view in VIEWS.values():
        if isinstance(view, AggregateView):
            assert set(view.metrics) <= set(view.family.metrics)
            assert set(view.group_by) <= set(view.family.dimensions)
