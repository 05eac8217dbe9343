"""The client against the simulated Context Services: a process of its own that knows nothing of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.access import Access
from analytics_platform.gms.client import Gms
from analytics_platform.gms.exported import Exported
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    CutShort,
    MissingPermission,
    QueryRefused,
    ServerFault,
)
from analytics_platform_tests import services_figure
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.services_figure import BOUNDS, DAY, SENSIBLE, T1, T2, T3
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture(scope="module", params=BOUNDS)
def figure(request: pytest.FixtureRequest) -> Iterator[tuple[SimulatedOrg, dict[str, str], str]]:
    """Context Services with nothing but the services of the vendor's figure, by each rule for bounds."""
    with SimulatedOrg(assume=[f"gms_bounds={request.param}", "gms_duplicates=true"]) as org:
        named = org.put_only_services(figure=DAY)
        org.set_now(T3)
        yield org, {service_id: name for name, service_id in named.items()}, request.param


@pytest.mark.parametrize("content", [False, True], ids=["one by one", "content"])
@pytest.mark.parametrize("row", SENSIBLE, ids="-".join)
def test_a_row_of_the_vendors_table_is_told_by_whatever_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str], row: tuple[str, str], content: bool
) -> None:
    org, names, bounds = figure
    org.reset()
    with Gms(org.url) as gms:
        told = [each.service_id for each in Exported(gms, Selection(T1, T2, *_filters(row)), content=content)]
    # With the whole content, duplicates are the vendor's.
    assert sorted({names[each] for each in told}) == services_figure.told(row, bounds)
    if not content:
        assert len(set(told)) == len(told)
    for call in org.requests()["calls"]:
        if call["operation"] == "services.stream":
            assert {"time_from", "time_to", "filter_events"} <= set(call["query"])
            assert ("export_content" in call["query"]) == content
            assert content or "filter_state" not in call["query"]


def test_the_ninth_row_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(QueryRefused):
        Selection(T1, T2, Events.COMPLETED, State.ACTIVE)


def test_halves_list_what_the_whole_lists_by_whatever_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str],
) -> None:
    org, names, _ = figure
    eleven = datetime(2014, 9, 2, 11, tzinfo=UTC)
    # The middle is the very instant at which S3 ends.
    whole = Selection(eleven - timedelta(hours=4), eleven + timedelta(hours=4))
    with Gms(org.url) as gms:
        listed = set(gms.ids(whole).ids)
        halves = [set(gms.ids(half).ids) for half in whole.halves()]
    assert {"S1", "S3", "E9"} <= {names[each] for each in listed}
    assert halves[0] | halves[1] == listed


def _filters(row: tuple[str, str]) -> tuple[Events, State]:
    return Events(row[0]), State(row[1])


def _days(first: str, days: int = 1) -> Selection:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return Selection(start, start + timedelta(days=days))


@pytest.fixture
def gms(org: SimulatedOrg) -> Iterator[Gms]:
    org.restore_services()
    with Gms(org.url, retries=QUICK) as client:
        yield client


def test_its_clock_is_the_orgs(org: SimulatedOrg, gms: Gms) -> None:
    org.set_now("2026-03-04T05:06:07.890Z")
    assert gms.now() == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert gms.ids(_days("2026-03-02")).asked_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_services_read_one_by_one_are_the_worlds_and_the_same_as_all_at_once(org: SimulatedOrg, gms: Gms) -> None:
    ids = gms.ids(_days("2026-03-02", 3)).ids
    read = {service_id: json.loads(service.record) for service_id, service in gms.services(ids) if service}
    truth = {told["service"]["service_id"]: told["service"] for told in org.truth_services()}
    assert len(ids) > 10
    assert list(read) == list(ids)
    assert all(truth[service_id] == service for service_id, service in read.items())
    assert any("active_states" in each or "completed_states" in each for each in read.values())
    at_once = {each.service_id: json.loads(each.record) for each in gms.content(_days("2026-03-02", 3))}
    assert at_once == read


def test_no_more_are_read_at_once_than_allowed(org: SimulatedOrg) -> None:
    with Gms(org.url, concurrency=3) as gms:
        assert len(list(gms.services(gms.ids(_days("2026-03-02", 3)).ids * 3))) > 30
    assert org.requests()["atOnce"]["services.read"] <= 3


def test_a_service_deleted_between_list_and_reading_is_counted(org: SimulatedOrg, gms: Gms) -> None:
    org.arm("service_deleted", "services.read", times=2)
    exported = Exported(gms, _days("2026-03-02", 3))
    given = len(list(exported))
    assert exported.course.listed == given + 2
    assert exported.course.notes() == ["Deleted between the list and the reading: 2."]


def test_a_proxys_page_passes(org: SimulatedOrg, gms: Gms) -> None:
    org.arm("status", "services.*", status=502, html=True)
    assert gms.ids(_days("2026-03-02")).ids


def test_a_fault_that_stays_ends_the_reading(org: SimulatedOrg, gms: Gms) -> None:
    org.arm("status", "services.read", status=503, times=None)
    with pytest.raises(ServerFault):
        list(Exported(gms, _days("2026-03-02")))


def test_content_that_the_server_cuts_gives_nothing() -> None:
    given: list[object] = []
    with SimulatedOrg(assume=["gms_content_most=2"]) as org, Gms(org.url, retries=QUICK) as gms:
        with pytest.raises(CutShort):
            given += gms.content(_days("2026-03-02", 3))
        assert org.requests()["total"] == 1
    assert given == []


def test_an_empty_list_may_be_no_content() -> None:
    with SimulatedOrg(assume=["gms_empty_status=204"]) as org, Gms(org.url) as gms:
        assert gms.ids(_days("2001-01-01")).ids == ()
        assert list(gms.content(_days("2001-01-01"))) == []


@pytest.fixture(scope="module")
def guarded() -> Iterator[SimulatedOrg]:
    """Context Services with users and a tenant."""
    users = ["root:secret:Administrator", "reader:secret:Supervisor", "agent:secret:Agent"]
    with SimulatedOrg(gms_user=users, assume=["gms_tenants=101,Main"]) as org:
        yield org


def test_a_supervisor_reads_and_may_not_ask_for_files(guarded: SimulatedOrg) -> None:
    with Gms(guarded.url, access=Access("reader", "secret", "101")) as gms:
        assert list(Exported(gms, _days("2026-03-02")))
        with pytest.raises(MissingPermission, match="the role Administrator \\("):
            gms.request_files(_days("2026-03-02"))


@pytest.mark.parametrize(
    ("access", "kind", "words"),
    [
        (Access(contact_center_id="101"), BadCredentials, "set GMS_USERNAME and GMS_PASSWORD"),
        (Access("reader", "wrong", "101"), BadCredentials, "set GMS_USERNAME and GMS_PASSWORD"),
        (Access("agent", "secret", "101"), MissingPermission, "the role Administrator or Supervisor"),
        (Access("reader", "secret"), BadRequest, "set GMS_CONTACT_CENTER_ID"),
        (Access("reader", "secret", "202"), BadRequest, "set GMS_CONTACT_CENTER_ID"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_set(
    guarded: SimulatedOrg, access: Access, kind: type[Exception], words: str
) -> None:
    guarded.reset()
    with Gms(guarded.url, access=access) as gms, pytest.raises(kind, match=words):
        gms.ids(_days("2026-03-02"))
    assert guarded.requests()["total"] == 1
