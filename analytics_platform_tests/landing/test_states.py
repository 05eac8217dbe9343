"""What a landed day counts as: provisional, complete, settled or rebuilt; the org's clock is moved between landings."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.landing.errors import DayNotComplete
from analytics_platform.landing.states import end_of, state_of
from analytics_platform.source.errors import JobDeadline
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]


@pytest.fixture(scope="module")
def steady_org() -> Iterator[SimulatedOrg]:
    """An org whose history does not change afterwards."""
    with SimulatedOrg(**UNHURRIED, late_changes=False, conversations_per_day=12) as org:
        yield org


@pytest.fixture
def steady(steady_org: SimulatedOrg, workplace_at: Callable[..., Workplace]) -> Workplace:
    steady_org.reset()
    return workplace_at(steady_org)


def _state(place: Workplace, day: date = DAY) -> str:
    manifest = place.lake.manifest(CONVERSATION_DETAILS.raw.name, day)
    assert manifest is not None
    return str(manifest.facts["state"])


def _typed_state(place: Workplace, day: date = DAY) -> str:
    manifest = place.lake.manifest(CONVERSATION_DETAILS.head.name, day)
    assert manifest is not None
    return str(manifest.facts["state"])


def test_a_day_past_its_watermark_is_provisional_until_it_is_landed_complete(
    steady_org: SimulatedOrg, steady: Workplace
) -> None:
    steady_org.set_now("2026-03-03T18:00:00Z")
    part = steady.land(DAY, provisional=True)
    steady.build(among=[DAY])
    assert _state(steady) == _typed_state(steady) == "provisional"
    steady_org.set_now("2026-03-04T12:00:00Z")
    whole = steady.land(DAY, request="later", provisional=True)
    assert steady.build(among=[DAY]) == [DAY]
    assert _state(steady) == _typed_state(steady) == "complete" and whole.rows > part.rows


def test_a_provisional_day_that_turns_out_whole_makes_its_home_day_complete(
    steady_org: SimulatedOrg, steady: Workplace
) -> None:
    steady_org.set_lag(conversations=0)
    steady_org.set_now("2026-03-06T12:00:00Z")
    empty = date(2026, 3, 6)
    part = steady.land(empty, provisional=True)
    steady.build(among=[empty])
    assert _typed_state(steady, empty) == "provisional"
    steady_org.set_now("2026-03-07T00:00:00Z")
    whole = steady.land(empty, request="later")
    steady_org.set_lag(conversations=6)
    assert whole.facts["digest"] == part.facts["digest"]
    assert steady.build(among=[empty]) == [empty] and _typed_state(steady, empty) == "complete"


def test_a_complete_landing_does_not_go_on_with_a_job_that_knows_part_of_the_day(
    steady_org: SimulatedOrg, steady: Workplace
) -> None:
    steady_org.set_now("2026-03-03T18:00:00Z")
    steady_org.arm("job_stuck", "conversations.submit")
    with pytest.raises(JobDeadline):
        steady.land(DAY, provisional=True, job_deadline=0.01)
    with pytest.raises(DayNotComplete):
        steady.land(DAY)
    steady_org.set_now("2026-03-04T12:00:00Z")
    assert steady.land(DAY).facts["state"] == "complete"
    assert [entry.state for entry in steady.ledger.entries()] == ["lost", "landed"]


def test_a_complete_day_is_never_replaced_by_a_part_of_it(steady_org: SimulatedOrg, steady: Workplace) -> None:
    steady_org.set_now("2026-03-04T12:00:00Z")
    steady.land(DAY)
    steady_org.set_now("2026-03-03T18:00:00Z")  # as if the source took its word back
    with pytest.raises(DayNotComplete):
        steady.land(DAY, request="later", provisional=True)
    assert _state(steady) == "complete"


def test_a_day_read_again_without_difference_is_settled_once_it_is_old_enough(
    steady_org: SimulatedOrg, steady: Workplace
) -> None:
    day = DAYS[0]
    steady_org.set_now("2026-03-05T12:00:00Z")
    first = steady.land(day)
    steady.build(among=[day])
    steady_org.set_now("2026-03-06T05:00:00Z")
    assert steady.land(day, request="young").facts["state"] == "complete"
    steady_org.set_now("2026-03-06T06:00:00Z")  # when the watermark is three days past the day's end
    settled = steady.land(day, request="old enough")
    assert settled.facts["state"] == "settled" and settled.facts["digest"] == first.facts["digest"]
    assert steady.build(among=[day]) == []
    assert steady.land(day, request="once more").facts["state"] == "settled"


def test_a_day_read_again_with_a_difference_is_rebuilt_and_its_home_days_are_stale(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    quick_org.set_now("2026-03-04T12:00:00Z")
    first = place.land(DAY)
    place.build(among=[DAY])
    quick_org.set_now("2026-03-12T00:00:00Z")
    rebuilt = place.land(DAY, request="later")
    assert rebuilt.facts["state"] == "rebuilt" and rebuilt.facts["digest"] != first.facts["digest"]
    assert place.build(among=[DAY]) == [DAY]
    assert place.land(DAY, request="again").facts["state"] == "settled"


def test_a_home_day_is_partial_until_its_own_activity_day_has_landed(place: Workplace) -> None:
    place.land(DAY)
    earlier = [day for day in place.build() if day < DAY]
    assert DAYS[0] in earlier, "what was alive on the second day began on the first, and before"
    assert {_typed_state(place, day) for day in earlier} == {"partial"} and _typed_state(place) == "complete"
    part = place.lake.read("conversations", DAYS[0]).num_rows
    place.land(DAYS[0])
    place.build()
    assert _typed_state(place, DAYS[0]) == "complete"
    assert place.lake.read("conversations", DAYS[0]).num_rows > part
    assert _typed_state(place, earlier[0]) == "partial", "nobody lands days before the first"


def test_a_day_made_of_a_provisional_one_is_provisional_also_where_its_own_has_not_landed(
    steady_org: SimulatedOrg, steady: Workplace
) -> None:
    steady_org.set_now("2026-03-03T18:00:00Z")
    steady.land(DAY, provisional=True)
    earlier = [day for day in steady.build() if day < DAY]
    assert {_typed_state(steady, day) for day in earlier} == {"provisional"}
    steady_org.set_now("2026-03-04T12:00:00Z")
    steady.land(DAY, request="later")
    assert set(steady.build()) >= {*earlier, DAY}
    assert {_typed_state(steady, day) for day in earlier} == {"partial"} and _typed_state(steady) == "complete"


def test_a_day_of_which_the_source_gave_a_part_is_partial_until_it_gives_the_whole(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path)

    def landed(digest: str, *, whole: bool = True) -> str:
        with lake.stage("exported", DAY, pa.schema([("number", pa.int64())])) as writer:
            state = state_of(
                DAY,
                watermark=end_of(DAY) + timedelta(days=9),
                before=lake.manifest("exported", DAY),
                digest=digest,
                settled_after=timedelta(days=3),
                whole=whole,
            )
            return writer.seal({"state": state, "digest": digest}).publish().state

    assert landed("part", whole=False) == landed("part", whole=False) == "partial"
    assert landed("all") == "complete"
    assert landed("all") == "settled"
    assert landed("other") == "rebuilt"


def test_watermarks_of_the_two_families_are_apart(quick_org: SimulatedOrg, place: Workplace) -> None:
    quick_org.set_now("2026-03-04T12:00:00Z")
    quick_org.set_lag(users=24)
    assert place.land(DAY).facts["state"] == "complete"
    with pytest.raises(DayNotComplete, match="user_details"):
        place.land(DAY, USER_DETAILS)
    assert place.land(DAY, USER_DETAILS, provisional=True).facts["state"] == "provisional"
