"""Exports: asked for once, found in the list, waited for, and fetched without the bearer leaving for another host."""

import io
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.catalogue.operations.reporting import EXPORT_REQUEST
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.exports import Export, Exports
from analytics_platform.source.errors import (
    CutShort,
    JobCancelled,
    JobDeadline,
    JobFailed,
    JobGone,
    RateLimited,
    ServerFault,
    SourceError,
    SubmitUncertain,
    UnexpectedAnswer,
)
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error, token

EXPORTS = EXPORT_REQUEST.path
DOWNLOAD = "/api/v2/downloads/d-1"
TOKEN, SIGNATURE = "canary-token-77b1", "canary-signature-5d0e"
CSV = b"Queue Name,Offer\r\nSales,3\r\n"


@pytest.fixture
def exports(client: GenesysCloud) -> Exports:
    return Exports(client)


@pytest.fixture
def storage() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


def told(run_id: str = "r-1", status: str = "COMPLETED", **facts: Any) -> dict[str, Any]:
    return {"id": "e-1", "runId": run_id, "name": f"export {run_id}", "status": status, **facts}


def page(*entities: dict[str, Any], number: int = 1, pages: int = 1) -> Reply:
    return Reply(json={"entities": list(entities), "pageNumber": number, "pageCount": pages})


def export(address: str) -> Export:
    return Export("r-1", "e-1", "export r-1", "COMPLETED", None, address, None, None)


def test_an_export_is_asked_for_once_and_known_by_its_run(server: Scripted, exports: Exports) -> None:
    server.on("POST", EXPORTS, Reply(json=told(status="SUBMITTED", createdDateTime="2026-03-03T01:00:00Z")))
    asked = exports.request({"name": "export r-1"})
    assert (asked.run_id, asked.status, str(asked.created)) == ("r-1", "SUBMITTED", "2026-03-03 01:00:00+00:00")
    assert len(server.requests(EXPORTS)) == 1


@pytest.mark.parametrize(
    "reply", [Reply(cut=-1), error(503, "service.unavailable", "Busy"), Reply(json={}), Reply(body=b"<html>"),
              Reply(json=told(), cut=4)],
)  # fmt: skip
def test_an_uncertain_request_is_told_and_not_repeated(server: Scripted, exports: Exports, reply: Reply) -> None:
    server.on("POST", EXPORTS, reply)
    with pytest.raises(SubmitUncertain, match="looks for it in the list first"):
        exports.request({"name": "x"})
    assert len(server.requests(EXPORTS)) == 1


def test_what_was_surely_not_taken_is_asked_again(server: Scripted, exports: Exports) -> None:
    limited = error(429, "too.many.requests", "Slow down", Retry_After="0")
    server.on("POST", EXPORTS, limited, Reply(json=told()))
    assert exports.request({"name": "x"}).run_id == "r-1"
    server.on("POST", EXPORTS, error(429, "too.many.requests", "Slow down", Retry_After="9000"))
    server.requests()
    with pytest.raises(RateLimited):
        Exports.request(exports, {"name": "x"}), exports.request({"name": "x"})


def test_the_list_is_followed_over_its_pages_and_tells_runs_of_one_export_apart(
    server: Scripted, exports: Exports
) -> None:
    server.on(
        "GET", EXPORTS, page(told("r-3"), told("r-2"), pages=2), page({**told("r-1"), "id": None}, number=2, pages=2)
    )
    assert [each.run_id for each in exports.listed()] == ["r-3", "r-2", "r-1"]
    asked = server.requests(EXPORTS)
    assert [each.query for each in asked] == [{"pageSize": "100", "pageNumber": str(n)} for n in (1, 2)]


def test_an_export_is_found_by_the_name_it_was_given(server: Scripted, exports: Exports) -> None:
    server.on("GET", EXPORTS, page(told("r-2"), told("r-1")))
    found = exports.find("export r-1")
    assert found is not None and found.run_id == "r-1"
    assert exports.find("export r-9") is None
    assert exports.find("export r-9", "r-2") is not None


def test_an_export_is_gone_when_look_after_look_does_not_list_it(server: Scripted, exports: Exports) -> None:
    late = [page(), page(), page(told(status="COMPLETED"))]
    server.on("GET", EXPORTS, *late, page(), page(), page())
    assert exports.wait("export r-1", "r-1", first_pause=0, deadline=20).completed
    with pytest.raises(JobGone, match="export r-1"):
        exports.wait("export r-1", "r-1", first_pause=0, deadline=20, longest_pause=0.001)
    assert len(server.requests(EXPORTS)) == 6


def test_an_export_just_asked_for_has_time_to_be_listed(server: Scripted, exports: Exports) -> None:
    server.on("GET", EXPORTS, *[page()] * 5, page(told()))
    done = exports.wait("export r-1", "r-1", first_pause=0, deadline=20, longest_pause=0.001, until_listed=20)
    assert done.run_id == "r-1"


def test_waiting_goes_through_every_status_and_tells_an_unknown_one_once(
    server: Scripted, exports: Exports, caplog: pytest.LogCaptureFixture
) -> None:
    states = ["SUBMITTED", "RUNNING", "POLISHING", "POLISHING", "CANCELLING", "COMPLETED_WITH_PARTIAL_RESULTS"]
    server.on("GET", EXPORTS, *(page(told(status=state)) for state in states))
    seen: list[str] = []
    done = exports.wait(
        "export r-1", "r-1", first_pause=0, deadline=20, longest_pause=0.001, on_look=lambda e: seen.append(e.status)
    )
    assert seen == states
    assert done.completed and done.ended
    assert sum("POLISHING" in record.getMessage() for record in caplog.records) == 1


def test_a_failed_export_says_why_and_a_cancelled_one_that_it_was(server: Scripted, exports: Exports) -> None:
    failed = told(status="FAILED", exportErrorMessagesType="TOO_MANY_SEARCH_CRITERIA")
    server.on("GET", EXPORTS, page(failed), page(told(status="CANCELLED")), page(told(status="RUNNING")))
    with pytest.raises(JobFailed, match=r"export r-1 \(r-1\) failed .*TOO_MANY_SEARCH_CRITERIA") as caught:
        exports.wait("export r-1", "r-1", first_pause=0, deadline=5)
    assert caught.value.message == "TOO_MANY_SEARCH_CRITERIA"
    with pytest.raises(JobCancelled):
        exports.wait("export r-1", "r-1", first_pause=0, deadline=5)
    with pytest.raises(JobDeadline, match="still RUNNING"):
        exports.wait("export r-1", "r-1", first_pause=0, deadline=0)


def _fetched(exports: Exports, address: str, *, pdf: bool = False) -> bytes:
    into = io.BytesIO()
    exports.download(export(address), into, pdf=pdf)
    return into.getvalue()


def test_the_bearer_goes_to_the_api_alone_and_never_with_a_redirect(
    server: Scripted, storage: Scripted, exports: Exports
) -> None:
    server.on("POST", "/oauth/token", token(TOKEN))
    signed = f"{storage.url}/bucket/file.csv?X-Amz-Signature={SIGNATURE}"
    server.on("GET", DOWNLOAD, Reply(303, headers={"Location": signed}))
    storage.on("GET", "/bucket/file.csv", Reply(307, headers={"Location": "/elsewhere/file.csv?x=1"}))
    storage.on("GET", "/elsewhere/file.csv", Reply(body=CSV, headers={"Content-Type": "text/csv"}))
    assert _fetched(exports, server.url + DOWNLOAD) == CSV
    assert server.requests(DOWNLOAD)[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert [asked.path for asked in storage.requests()] == ["/bucket/file.csv", "/elsewhere/file.csv"]
    for asked in storage.requests():
        assert "authorization" not in asked.headers and "cookie" not in asked.headers
        assert TOKEN not in str(asked)


def test_an_address_elsewhere_is_fetched_without_the_bearer(
    server: Scripted, storage: Scripted, exports: Exports
) -> None:
    storage.on("GET", "/file.csv", Reply(body=CSV, headers={"Content-Type": "text/csv"}))
    assert _fetched(exports, f"{storage.url}/file.csv?sig=1") == CSV
    assert "authorization" not in storage.requests()[0].headers
    assert server.requests() == []


def test_a_download_said_to_be_at_another_host_is_asked_of_our_own(
    server: Scripted, storage: Scripted, exports: Exports
) -> None:
    server.on("GET", DOWNLOAD, Reply(body=CSV, headers={"Content-Type": "text/csv"}))
    assert _fetched(exports, f"{storage.url}{DOWNLOAD}?contentDisposition=attachment") == CSV
    assert storage.requests() == []
    assert server.requests(DOWNLOAD)[0].query == {"contentDisposition": "attachment"}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(403, body=b"<Error>Signature</Error>"), UnexpectedAnswer),
        (Reply(503, body=b"busy"), ServerFault),
        (Reply(body=CSV, cut=9), CutShort),
        (Reply(body=CSV, cut=-1), SourceError),
        (Reply(body=CSV, unframed=True), CutShort),
        (Reply(body=b"\n<!DOCTYPE html><p>Sign in", headers={"Content-Type": "text/csv"}), UnexpectedAnswer),
        (Reply(body=b"Sign in", headers={"Content-Type": "text/html; charset=utf-8"}), UnexpectedAnswer),
        (Reply(302, headers={"Location": "ftp://files/x"}), UnexpectedAnswer),
        (Reply(302, headers={"Location": "http://[::1"}), SourceError),
        (Reply(302, headers={"Location": f"/bucket/file.csv?{SIGNATURE}"}), UnexpectedAnswer),
        (Reply(302, headers={"Location": f"http://127.0.0.1:1/{SIGNATURE}"}), SourceError),
    ],
)
def test_what_is_no_whole_file_is_refused_and_nothing_tells_the_signed_address(
    server: Scripted,
    storage: Scripted,
    exports: Exports,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    kind: type[SourceError],
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("POST", "/oauth/token", token(TOKEN))
    signed = f"{storage.url}/bucket/file.csv?X-Amz-Signature={SIGNATURE}"
    server.on("GET", DOWNLOAD, Reply(303, headers={"Location": signed}))
    storage.on("GET", "/bucket/file.csv", reply)
    with pytest.raises(kind) as caught:
        _fetched(exports, server.url + DOWNLOAD)
    seen = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert SIGNATURE not in seen and TOKEN not in seen and "Sign in" not in seen


def test_a_signed_address_is_in_no_log_of_a_fetch_that_went_well(
    server: Scripted, storage: Scripted, exports: Exports, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("GET", DOWNLOAD, Reply(303, headers={"Location": f"{storage.url}/file.csv?{SIGNATURE}"}))
    storage.on("GET", "/file.csv", Reply(body=CSV))
    assert _fetched(exports, server.url + DOWNLOAD) == CSV
    assert SIGNATURE not in caplog.text
    assert f"GET {DOWNLOAD}: 303" in caplog.text


def test_a_fetch_that_broke_off_begins_again_with_a_new_address(
    server: Scripted, storage: Scripted, exports: Exports
) -> None:
    led = [Reply(303, headers={"Location": f"{storage.url}/file.csv?try={n}"}) for n in (1, 2)]
    server.on("GET", DOWNLOAD, *led)
    storage.on("GET", "/file.csv", Reply(body=CSV, cut=20), Reply(body=CSV))
    assert _fetched(exports, server.url + DOWNLOAD) == CSV
    assert [asked.query["try"] for asked in storage.requests()] == ["1", "2"]


def test_a_file_stored_compressed_comes_as_it_was_before(server: Scripted, storage: Scripted, exports: Exports) -> None:
    server.on("GET", DOWNLOAD, Reply(303, headers={"Location": f"{storage.url}/file.csv"}))
    storage.on("GET", "/file.csv", Reply(body=CSV, gzipped=True))
    assert _fetched(exports, server.url + DOWNLOAD) == CSV


def test_a_pdf_is_one(server: Scripted, exports: Exports) -> None:
    server.on("GET", DOWNLOAD, Reply(body=b"%PDF-1.7 x", headers={"Content-Type": "application/pdf"}), Reply(body=CSV))
    assert _fetched(exports, server.url + DOWNLOAD, pdf=True).startswith(b"%PDF")
    with pytest.raises(UnexpectedAnswer, match="no PDF"):
        _fetched(exports, server.url + DOWNLOAD, pdf=True)


def test_a_completed_export_without_an_address_is_told(exports: Exports) -> None:
    with pytest.raises(UnexpectedAnswer, match="no downloadUrl"):
        _fetched(exports, "")
