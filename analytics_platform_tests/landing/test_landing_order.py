"""Three days landed in any order, with or without building between, lead to equal typed tables."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture(scope="module")
def small_org() -> Iterator[SimulatedOrg]:
    with SimulatedOrg(**UNHURRIED, conversations_per_day=10, agents=3) as org:
        yield org


def _landed(place: Workplace, stream: Stream, order: tuple[int, ...], between: bool) -> dict[str, pa.Table]:
    for number in order:
        place.land(DAYS[number], stream)
        if between:
            place.build(stream, DAYS[: number + 1])
    place.build(stream, DAYS)
    return place.tables(stream, provenance=False)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_the_order_of_landing_and_building_does_not_show(
    small_org: SimulatedOrg, workplace_at: Callable[..., Workplace], stream: Stream
) -> None:
    straight = _landed(workplace_at(small_org, "straight"), stream, (0, 1, 2), between=False)
    backwards = _landed(workplace_at(small_org, "backwards"), stream, (2, 1, 0), between=False)
    mixed = _landed(workplace_at(small_org, "mixed"), stream, (1, 2, 0), between=True)
    assert straight == backwards == mixed and straight


def test_an_open_conversation_becomes_current_when_a_later_day_delivers_it(
    start_org: Callable[..., SimulatedOrg], workplace_at: Callable[..., Workplace]
) -> None:
    org = start_org(**UNHURRIED, now="2026-03-03T06:00:00Z", lag_hours=6)
    place = workplace_at(org)
    place.land(DAYS[0])
    place.build(among=[DAYS[0]])
    ends = place.lake.read("conversations", DAYS[0], ["conversation_end"])["conversation_end"]
    org.set_now("2026-03-07T00:00:00Z")
    for day in DAYS[1:]:
        place.land(day)
    assert DAYS[0] in place.build(among=DAYS)
    truth = {one["conversationId"]: one.get("conversationEnd") for one in org.truth_conversations(DAYS[0], DAYS[0])}
    rows = place.lake.read("conversations", DAYS[0]).to_pylist()
    crossing = [row for row in rows if row["activity_day"] > DAYS[0]]
    assert ends.null_count > 0 and crossing
    for row in crossing:
        told = row["conversation_end"] and row["conversation_end"].isoformat(timespec="milliseconds")
        assert (told and told.replace("+00:00", "Z")) == truth[row["conversation_id"]]
