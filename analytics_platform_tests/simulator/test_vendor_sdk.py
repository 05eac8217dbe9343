"""The vendor's own Python SDK runs every operation its release has against the simulated org, and reads all it is told.

The SDK derives the login host by replacing `//api.` with `//login.`, so a loopback host serves both as it is. It drops
fields it does not know and turns unknown enum values into a word of its own; both are looked for in each answer.
"""

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.catalogue.operations import LISTED, Operation
from analytics_platform_tests.catalogue import vendor_sdk
from analytics_platform_tests.questions import DAY, Question, Subject, question
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking, day

LIVE = [operation for operation in LISTED if operation.withdrawn is None]
_WRAPPED = re.compile(r"(list|dict)[\[(](?:str, )?(.+)[\])]")


@pytest.fixture(scope="module")
def sdk() -> Any:
    """The vendor's package; it takes seconds to import, so only where it is used."""
    return pytest.importorskip("PureCloudPlatformClientV2")


@pytest.fixture(scope="module")
def busy() -> Iterator[SimulatedOrg]:
    """An org in the middle of a day on which everything there is happens."""
    with SimulatedOrg(conversations_per_day=300, agents=20, now="2026-03-04T14:47:00Z") as running:
        yield running


@pytest.fixture
def asker(busy: SimulatedOrg) -> Iterator[Asker]:
    with asking(busy) as client:
        yield client


@pytest.fixture
def analytics(sdk: Any, busy: SimulatedOrg) -> Iterator[Any]:
    """The SDK's analytics API with a token of the org."""
    before = sdk.configuration.host
    sdk.configuration.host = busy.url
    client = sdk.api_client.ApiClient().get_client_credentials_token(busy.client_id, busy.client_secret)
    yield sdk.AnalyticsApi(client)
    sdk.configuration.host = before


def test_the_release_has_31_of_the_45() -> None:
    assert len(LIVE) == 31


@pytest.mark.parametrize("operation", LIVE, ids=lambda operation: operation.name)
def test_the_sdk_reads_every_field_of_an_answer(
    sdk: Any, analytics: Any, busy: SimulatedOrg, asker: Asker, operation: Operation
) -> None:
    asked = question(operation.name, Subject(busy, asker))
    answer = _called(analytics, operation, asked)
    text = analytics.api_client.last_response.data
    if operation.gives is None:
        assert not text
        return
    told = json.loads(text)
    assert _holds_something(told)
    assert list(_unknown(sdk, told, type(answer).__name__, operation.name)) == []
    assert "outdated_sdk_version" not in str(answer.to_dict())


def test_pages_of_a_job_hold_the_conversations_of_the_truth(sdk: Any, analytics: Any, busy: SimulatedOrg) -> None:
    query = sdk.AsyncConversationQuery()
    query.interval, query.order, query.order_by = day(DAY), "asc", "conversationStart"
    job = analytics.post_analytics_conversations_details_jobs(query).job_id
    while (state := analytics.get_analytics_conversations_details_job(job).state) in ("QUEUED", "PENDING"):
        pass
    assert state == "FULFILLED"
    told = [
        conversation
        for page in _pages(analytics.get_analytics_conversations_details_job_results, job)
        for conversation in page.conversations
    ]
    truth = {record["conversationId"]: record for record in busy.truth_conversations()}
    assert len(told) > 60
    for conversation in told:
        record = truth[conversation.conversation_id]
        assert len(conversation.participants) == len(record["participants"])


def test_an_error_is_the_sdk_s_exception(sdk: Any, analytics: Any) -> None:
    query = sdk.AsyncConversationQuery()
    query.interval = "nonsense"
    with pytest.raises(sdk.rest.ApiException) as refused:
        analytics.post_analytics_conversations_details_jobs(query)
    assert refused.value.status == 400


def _called(analytics: Any, operation: Operation, asked: Question) -> Any:
    """The SDK's answer; the names of a path are its first arguments, in their order, and the body the last."""
    method = getattr(analytics, vendor_sdk.methods()[operation.method, operation.path])
    names = re.findall(r"{(\w+)}", operation.path)
    arguments: list[Any] = [asked.path[name] for name in names]
    if asked.body is not None:
        arguments.append(asked.body)
    snake = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in asked.query.items()}
    if "id" in snake:
        snake["id"] = str(snake["id"]).split(",")
    with warnings.catch_warnings(record=True):  # the SDK warns, whatever the filters, of what the vendor deprecated
        return method(*arguments, **snake)


def _pages(get_results: Any, job_id: str) -> Iterator[Any]:
    cursor: dict[str, str] = {}
    while True:
        page = get_results(job_id, page_size=25, **cursor)
        yield page
        if not page.cursor:
            return
        cursor = {"cursor": page.cursor}


def _unknown(sdk: Any, told: Any, declared: str, path: str) -> Iterator[str]:
    """Every field of an answer that the SDK's model does not have, and every value of another kind than declared."""
    wrapped = _WRAPPED.fullmatch(declared)
    if wrapped:
        kind, inner = wrapped.groups()
        if not isinstance(told, list if kind == "list" else dict):
            yield f"{path} is no {kind}"
            return
        for each in told if kind == "list" else told.values():
            yield from _unknown(sdk, each, inner, f"{path}[]")
        return
    model = getattr(sdk, declared, None)
    if model is None:
        kinds = {"str": str, "int": int, "float": int | float, "bool": bool, "datetime": str, "object": object}
        if not isinstance(told, kinds[declared]) or (isinstance(told, bool) and declared in ("int", "float")):
            yield f"{path} is no {declared}: {told!r}"
        return
    blank = model()
    types = {name: blank.swagger_types[attribute] for attribute, name in blank.attribute_map.items()}
    for name, value in told.items():
        if name in types:
            yield from _unknown(sdk, value, types[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}"


def _holds_something(told: Any) -> bool:
    """Whether an answer says anything at all: an empty list would be read by any model."""
    if isinstance(told, dict):
        return any(_holds_something(value) for value in told.values())
    return bool(told) if isinstance(told, list) else told is not None
