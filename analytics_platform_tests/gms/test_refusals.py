"""What GMS says no with, as one sentence that says what to do."""

import pytest

from analytics_platform.catalogue.services import SERVICE_FILES, SERVICE_READ
from analytics_platform.gms.refusals import refusal
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    MissingPermission,
    NotFound,
    RateLimited,
    ServerFault,
    SourceError,
    UnexpectedAnswer,
)
from analytics_platform.source.exchange import Received
from analytics_platform.source.wire import Payload

TENANT = b'{"message": "Invalid tenant specified : null", "exception": "com.genesyslab.gsg.ContextServicesException"}'


def said(status: int, body: bytes = b"", **headers: str) -> SourceError:
    return refusal(Received(status, headers, Payload(body)), SERVICE_READ, hide=lambda text: text)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (301, UnexpectedAnswer, "check GMS_URL"),
        (400, BadRequest, "correct what GMS names"),
        (401, BadCredentials, "set GMS_USERNAME and GMS_PASSWORD"),
        (403, MissingPermission, "the role Administrator or Supervisor"),
        (404, NotFound, "nothing at this path"),
        (410, NotFound, "nothing at this path"),
        (408, ServerFault, "try again later"),
        (429, RateLimited, "lower GMS_CONCURRENCY"),
        (500, ServerFault, "look in its log"),
        (502, ServerFault, "a proxy before it"),
        (503, ServerFault, "try again later"),
        (504, ServerFault, "try again later"),
    ],
)
def test_a_status_says_what_to_do(status: int, kind: type[SourceError], words: str) -> None:
    fault = said(status)
    assert type(fault) is kind
    assert words in str(fault)
    assert str(fault).startswith(f"GMS answered GET /genesys/1/cs/services/{{serviceId}} with {status}: ")
    assert str(fault).endswith(".")
    assert (fault.status, fault.code, fault.message) == (status, None, None)


def test_the_words_of_gms_are_told_in_one_line() -> None:
    fault = said(400, b'{"message": "Parameter\\n time_from  is mandatory", "exception": "a.b.BadParameter"}')
    assert (fault.code, fault.message) == ("BadParameter", "Parameter time_from is mandatory")
    assert "400 BadParameter, “Parameter time_from is mandatory”: " in str(fault)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_tenant_it_does_not_know_says_what_to_set_whatever_the_status(status: int) -> None:
    fault = said(status, TENANT)
    assert type(fault) is BadRequest
    assert "set GMS_CONTACT_CENTER_ID" in str(fault)


@pytest.mark.parametrize("exception", ["org.json.JSONException", "java.lang.NumberFormatException", "ParseException"])
def test_a_request_the_server_could_not_read_is_no_passing_fault(exception: str) -> None:
    fault = said(500, f'{{"message": "x", "exception": "{exception}"}}'.encode())
    assert type(fault) is BadRequest
    assert not fault.transient


@pytest.mark.parametrize("exception", ["com.datastax.driver.core.exceptions.NoHostAvailableException", ""])
def test_any_other_fault_of_the_server_may_pass(exception: str) -> None:
    assert said(500, f'{{"message": "x", "exception": "{exception}"}}'.encode()).transient


@pytest.mark.parametrize("body", [b"<html>502</html>", b"[]", b'{"message": 5, "exception": {}}', b"\xff"])
def test_another_body_says_nothing(body: bytes) -> None:
    fault = said(502, body)
    assert (fault.code, fault.message) == (None, None)


def test_how_long_to_wait_is_heeded() -> None:
    assert said(503, **{"retry-after": "7"}).retry_after == 7
    assert said(400, **{"retry-after": "7"}).retry_after is None


def test_files_need_an_administrator() -> None:
    fault = refusal(Received(403, {}, Payload(b"")), SERVICE_FILES, hide=lambda text: text)
    assert "give the user the role Administrator (" in str(fault)
