"""What an export of services selects: the vendor's nine rows and their edges, under each way of bounding a range."""

from collections.abc import Callable, Iterator

import pytest

from analytics_platform_tests import services_figure
from analytics_platform_tests.services_figure import BOUNDS
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import STREAM, GmsAsker, asking_gms, at

StartOrg = Callable[..., SimulatedOrg]
DAY = "2026-03-04"
RANGE = {"time_from": at(DAY, "08:00"), "time_to": at(DAY, "12:00")}
EVENTS, STATES = ("any", "started", "completed"), ("any", "active", "inactive")


@pytest.fixture(scope="module", params=BOUNDS)
def bounded(request: pytest.FixtureRequest) -> Iterator[tuple[str, GmsAsker, dict[str, str]]]:
    """An org of one bound mode with the vendor's figure, at the figure's T3: the mode, who asks, names by id."""
    options = {"assume": [f"gms_bounds={request.param}"], "now": at(DAY, "18:00"), "conversations_per_day": 20}
    with SimulatedOrg(**options) as org, asking_gms(org) as asker:
        ids = org.put_only_services(figure=DAY)
        yield request.param, asker, {service_id: name for name, service_id in ids.items()}


@pytest.mark.parametrize("content", ["false", "true"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("events", EVENTS)
def test_each_row_of_the_vendor_s_table_with_its_edges(
    bounded: tuple[str, GmsAsker, dict[str, str]], events: str, state: str, content: str
) -> None:
    bounds, asker, names = bounded
    told = asker.stream(**RANGE, filter_events=events, filter_state=state, export_content=content)
    ids = [each["service_id"] for each in told] if content == "true" else told
    assert len(ids) == len(set(ids))
    assert {names[each] for each in ids} == set(services_figure.told((events, state), bounds))


def test_what_lives_across_a_range_without_an_event_is_never_exported(
    bounded: tuple[str, GmsAsker, dict[str, str]],
) -> None:
    _, asker, names = bounded
    assert {names[each] for each in asker.stream(**RANGE)} & {"E2", "E3", "E8"} == set()


def test_active_and_inactive_partition_any_and_started_with_completed_is_any(session_org: SimulatedOrg) -> None:
    session_org.reset()
    session_org.set_now("2026-03-05T06:00:00Z")
    whole = {"time_from": "2026-02-01T00:00:00.000Z", "time_to": "2026-03-04T00:00:00.000Z"}
    with asking_gms(session_org) as asker:
        found = {
            (events, state): set(asker.stream(**whole, filter_events=events, filter_state=state))
            for events in EVENTS
            for state in STATES
        }
    for events in EVENTS:
        assert found[events, "active"] | found[events, "inactive"] == found[events, "any"]
        assert not found[events, "active"] & found[events, "inactive"]
    for state in STATES:
        assert found["started", state] | found["completed", state] == found["any", state]
    assert found["any", "active"]
    assert not found["completed", "active"]
    session_org.set_now(OrgOptions.now)


def test_the_state_is_that_of_the_instant_one_asks_at(org: SimulatedOrg) -> None:
    ids = org.put_only_services(figure=DAY)
    with asking_gms(org) as asker:
        org.set_now(at(DAY, "14:59:59.999"))
        assert ids["S1"] in asker.stream(**RANGE, filter_state="active")
        org.set_now(at(DAY, "15:00"))
        assert ids["S1"] in asker.stream(**RANGE, filter_state="inactive")
    org.restore_services()


def test_an_event_is_selected_by_what_it_tells_once_it_is_known(org: SimulatedOrg) -> None:
    late = {"timestamp": at(DAY, "11:00"), "known": at(DAY, "13:00")}
    ids = org.put_only_services({"name": "late", "started": late})
    with asking_gms(org) as asker:
        org.set_now(at(DAY, "12:59:59.999"))
        assert asker.stream(**RANGE) == []
        org.set_now(at(DAY, "13:00"))
        assert asker.stream(**RANGE) == [ids["late"]]
    org.restore_services()


def test_time_to_is_now_where_it_is_not_given(org: SimulatedOrg) -> None:
    ids = org.put_only_services(figure=DAY)
    with asking_gms(org) as asker:
        org.set_now(at(DAY, "09:30"))
        assert set(asker.stream(time_from=at(DAY, "08:30"))) == {ids["S1"]}
    org.restore_services()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"time_from": ""}, "time_from"),
        ({"time_to": at(DAY, "08:00")}, "after time_from"),
        ({"time_from": "2026-03-04T08:00:00Z"}, "time_from is not valid"),
        ({"time_from": "2026-03-04T08:00:00.000+02:00"}, "time_from is not valid"),
        ({"time_from": "2026-02-30T08:00:00.000Z"}, "time_from is not valid"),
        ({"filter_events": "ended"}, "any, started, completed"),
        ({"filter_state": "open"}, "any, active, inactive"),
        ({"export_content": "yes"}, "export_content is not a boolean"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_in_a_sentence(
    org: SimulatedOrg, query: dict[str, str], words: str
) -> None:
    with asking_gms(org) as asker:
        answer = asker.http.get(STREAM, params=RANGE | query)
        missing = asker.http.get(STREAM, params={"time_to": RANGE["time_to"]})
    assert answer.status_code == missing.status_code == 400
    assert set(answer.json()) == {"message", "exception"}
    assert words in answer.json()["message"]
    assert "time_from is mandatory" in missing.json()["message"]


@pytest.mark.parametrize(("choice", "status", "count"), [("honour", 200, 2), ("ignore", 200, 7), ("reject", 400, 0)])
def test_a_state_filter_without_content_is_a_matter_of_the_server(
    start_org: StartOrg, choice: str, status: int, count: int
) -> None:
    org = start_org(assume=[f"gms_state_filter_without_content={choice}"], now=at(DAY, "18:00"))
    org.put_only_services(figure=DAY)
    with asking_gms(org) as asker:
        answer = asker.http.get(STREAM, params=RANGE | {"filter_state": "active"})
        assert answer.status_code == status
        assert status == 400 or len(answer.json()) == count
        assert len(asker.stream(**RANGE, filter_state="active", export_content="true")) == 2


def test_nothing_may_be_an_empty_answer_and_a_service_listed_twice(start_org: StartOrg) -> None:
    org = start_org(assume=["gms_empty_status=204", "gms_duplicates=true"], now=at(DAY, "18:00"))
    org.put_only_services(figure=DAY)
    with asking_gms(org) as asker:
        answer = asker.http.get(STREAM, params={"time_from": at(DAY, "17:00")})
        assert (answer.status_code, answer.content) == (204, b"")
        listed = asker.stream(**RANGE)
    assert len(set(listed)) == 7
    assert len(listed) == 10


def test_ids_come_in_no_order_of_their_own(org: SimulatedOrg) -> None:
    whole = {"time_from": "2026-02-01T00:00:00.000Z", "time_to": "2026-03-07T00:00:00.000Z"}
    by_start = [told["service"]["service_id"] for told in org.truth_services()]
    with asking_gms(org) as asker:
        listed = asker.stream(**whole)
        assert listed == asker.stream(**whole)
    assert len(listed) > 20
    assert listed != [each for each in by_start if each in set(listed)]
