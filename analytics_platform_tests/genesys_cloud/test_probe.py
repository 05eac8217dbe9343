"""The capability probe: what it asks, what it takes from each answer, and that it changes nothing."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import OPERATIONS, Lands, operation
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.probe import Question, probe, questions
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.source.errors import BadCredentials, RateLimited, Unreachable
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.simulated_org import SimulatedOrg

Probe = Callable[..., dict[str, Learned]]
QUESTIONS = list(questions(datetime(2026, 3, 7, 6, 30, 15, tzinfo=UTC)))
WITHDRAWN = [each.name for each in OPERATIONS if each.withdrawn]


@pytest.fixture
def probed() -> Iterator[Probe]:
    """What a probe of an org learns, as one of its clients."""
    with ExitStack() as clients:

        def ask(url: str, client_id: str = "demo", secret: str = "demo") -> dict[str, Learned]:
            client = GenesysCloud(
                Hosts.of(api_url=url), client_id, SecretStr(secret), RequestBudget.unlimited(), retries=QUICK
            )
            return probe(clients.enter_context(client))

        yield ask


def _standing(learned: dict[str, Learned], standing: Standing) -> set[str]:
    return {name for name, known in learned.items() if known.standing is standing}


def test_nothing_is_asked_that_changes_or_starts_something() -> None:
    asked = {question.operation for question in QUESTIONS}
    assert not [each.name for each in asked if each.lands is Lands.ACTION]
    assert {each.method for each in asked} == {"GET", "POST"}
    assert all(each.path.endswith("/query") for each in asked if each.method == "POST")
    left = {each.name for each in OPERATIONS if each not in asked}
    assert {each.name for each in OPERATIONS if each.lands is Lands.ACTION} < left
    assert {"conversations.submit", "users.cancel", "exports.request"} < left


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.operation.name)
def test_a_question_is_whole_and_as_small_as_it_can_be(question: Question) -> None:
    asked = question.operation
    filled = asked.path.format_map(question.path)
    assert "{" not in filled and all(uuid.UUID(value) for value in question.path.values())
    parameters = {each.name for each in asked.parameters}
    assert set(question.query) == parameters & {"pageSize", "id"}
    assert question.query.get("pageSize", 1) == 1
    assert (question.body is None) == (asked.takes is None)
    if question.body is not None:
        fields = model(str(asked.takes)).fields
        assert set(question.body) <= set(fields)
        assert {field.name for field in fields.values() if field.required} <= set(question.body)
        if "metrics" in fields:
            assert question.body["metrics"] == [fields["metrics"].known_values[0]]
        if "paging" in fields:
            assert question.body["paging"] == {"pageSize": 1, "pageNumber": 1}
        if "interval" in fields:
            assert question.body["interval"] == "2026-03-06T06:30:00Z/2026-03-06T06:31:00Z"


def test_an_org_without_the_withdrawn_operations_is_told_from_one_that_has_them(
    start_org: Callable[..., SimulatedOrg], probed: Probe
) -> None:
    learned = probed(start_org(withdrawn=False).url)
    assert list(learned) == [each.name for each in OPERATIONS]
    assert {name: learned[name].standing for name in WITHDRAWN} == dict.fromkeys(WITHDRAWN, Standing.NOT_ANSWERED)
    for name in WITHDRAWN:
        assert str(operation(name).withdrawn) in learned[name].why
    live = [name for name in learned if name not in WITHDRAWN]
    assert not [name for name in live if learned[name].standing is Standing.NOT_ANSWERED]


def test_an_org_that_answers_everything_is_said_to(org: SimulatedOrg, probed: Probe) -> None:
    learned = probed(org.url)
    refused = _standing(learned, Standing.NOT_ANSWERED) | _standing(learned, Standing.NOT_PERMITTED)
    assert refused == set()
    untold = {"conversations.properties", "exports.request", "exports.download", "settings.change"}
    assert _standing(learned, Standing.NOT_KNOWN) <= untold | {"bots.turns", "bots.division_turns"}


def test_a_probe_changes_nothing_and_asks_each_question_once(org: SimulatedOrg, probed: Probe) -> None:
    probed(org.url)
    told = org.requests()
    assert told["submits"] == []
    assert told["total"] == len(QUESTIONS) + 2, "one for the token, one for a path that nobody knows"
    assert {called.partition(" ")[0] for called in told["counts"]} == {"GET", "POST"}


def test_a_missing_permission_is_named_for_what_needs_it_alone(
    start_org: Callable[..., SimulatedOrg], probed: Probe
) -> None:
    org = start_org(client=["half:secret:analytics:conversationDetail:view,routing:queue:view"])
    learned = probed(org.url, "half", "secret")
    for name in ("conversations.query", "conversations.submit", "conversations.cancel", "directory.queues"):
        assert learned[name].standing is Standing.SERVED, name
    for name in ("users.query", "users.submit", "directory.users", "queues.observations", "exports.list"):
        assert learned[name].standing is Standing.NOT_PERMITTED, name
        assert operation(name).permissions[0] in learned[name].why and "Admin >" in learned[name].why
    assert learned["exports.request"].standing is Standing.NOT_KNOWN, "it needs another permission than the list"


def _refusal(status: int, message: str, code: str = "not.found") -> Reply:
    return Reply(status, {"message": message, "code": code, "status": status, "contextId": str(uuid.uuid4())})


class Vendor(Scripted):
    """Answers paths it knows as told, and the rest as a path nobody knows."""

    def __init__(self, unknown: Callable[[Asked], Reply]) -> None:
        super().__init__()
        self.known: dict[str, Reply | Callable[[Asked], Reply]] = {}
        self._unknown = unknown

    def answer(self, asked: Asked) -> Reply:
        if "token" in asked.path:
            return super().answer(asked)
        super().answer(asked)
        reply = next((each for begin, each in self.known.items() if asked.path.startswith(begin)), self._unknown)
        return reply(asked) if callable(reply) else reply


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    running = Vendor(lambda asked: _refusal(404, f"HTTP 404 Not Found: {asked.path}"))
    yield running
    running.close()


def test_a_404_by_id_in_other_words_than_that_of_an_unknown_path_is_the_entitys(vendor: Vendor, probed: Probe) -> None:
    vendor.known["/api/v2/analytics/botflows/"] = lambda asked: _refusal(
        404, f"No bot flow {asked.path.split('/')[5]}", "bot.flow.not.found"
    )
    learned = probed(vendor.url)
    assert _standing(learned, Standing.SERVED) == {"bots.turns", "bots.division_turns"}


def test_a_404_by_id_that_reads_like_an_unknown_path_is_told_by_the_list_beside_it(
    vendor: Vendor, probed: Probe
) -> None:
    learned = probed(vendor.url)
    assert learned["schedules.read"].standing is Standing.NOT_ANSWERED
    assert learned["bots.turns"].standing is Standing.NOT_KNOWN, "no list stands beside it"
    vendor.known["/api/v2/analytics/reporting/schedules"] = lambda asked: (
        Reply(json={"entities": []})
        if asked.path.endswith("/schedules")
        else _refusal(404, f"HTTP 404 Not Found: {asked.path}")
    )
    learned = probed(vendor.url)
    family = {each.name for each in OPERATIONS if each.name.startswith("schedules.")}
    assert family == {name for name in family if learned[name].standing is Standing.SERVED}
    assert (
        learned["schedules.create"].why == learned["schedules.read"].why == "Told by schedules.list, which is served."
    )


@pytest.mark.parametrize(
    ("reply", "standing"),
    [
        (Reply(json={}), Standing.SERVED),
        (_refusal(400, "You must specify a filter", "bad.request"), Standing.SERVED),
        (_refusal(403, "You are missing it", "missing.permissions"), Standing.NOT_PERMITTED),
        (_refusal(404, "Whatever it says"), Standing.NOT_ANSWERED),
        (_refusal(405, "HTTP 405 Method Not Allowed", "not.allowed"), Standing.NOT_ANSWERED),
        (_refusal(500, "Oh no", "internal.server.error"), Standing.NOT_KNOWN),
        (Reply(body=b"<html>"), Standing.NOT_KNOWN),
        (Reply(302, headers={"Location": "/elsewhere"}), Standing.NOT_KNOWN),
    ],
    ids=lambda given: str(getattr(given, "status", "")),
)
def test_each_answer_to_a_query_tells_how_it_stands(
    vendor: Vendor, probed: Probe, reply: Reply, standing: Standing
) -> None:
    vendor.known["/api/v2/analytics/queues/observations/query"] = reply
    known = probed(vendor.url)["queues.observations"]
    assert known.standing is standing
    assert bool(known.why) == (standing is not Standing.SERVED)


def test_a_permission_that_only_the_vendor_names_is_told_in_its_words(vendor: Vendor, probed: Probe) -> None:
    vendor.known["/api/v2/analytics/queues/observations/query"] = _refusal(403, "You need a licence", "not.authorized")
    vendor.known["/api/v2/users"] = _refusal(403, "You are missing directory:user:view", "missing.permissions")
    learned = probed(vendor.url)
    assert "“You need a licence”" in learned["queues.observations"].why
    assert learned["directory.users"].why == f"The OAuth client may not call GET /api/v2/users: {USER_LIST.grant}."


def test_an_observation_is_asked_about_somebody_who_is_not_there(vendor: Vendor, probed: Probe) -> None:
    probed(vendor.url)
    (asked,) = vendor.requests("/api/v2/analytics/queues/observations/query")
    (predicate,) = json.loads(asked.body)["filter"]["predicates"]
    assert predicate["dimension"] == "queueId" and uuid.UUID(predicate["value"])


def test_refused_credentials_end_it_at_once(org: SimulatedOrg, probed: Probe) -> None:
    with pytest.raises(BadCredentials):
        probed(org.url, secret="wrong")
    assert org.requests()["total"] == 1


def test_an_org_out_of_reach_ends_it_at_once(vendor: Vendor, probed: Probe) -> None:
    gone = Vendor(lambda asked: Reply())
    gone.close()
    with pytest.raises(Unreachable):
        probed(gone.url)


def test_a_used_up_rate_ends_it(vendor: Vendor, probed: Probe) -> None:
    vendor.known["/api/v2/users"] = Reply(429, {"code": "too.many.requests"}, headers={"Retry-After": "600"})
    with pytest.raises(RateLimited):
        probed(vendor.url)
    assert len(vendor.requests("/api/v2/users")) == 1
    assert not vendor.requests("/api/v2/analytics/reporting")
