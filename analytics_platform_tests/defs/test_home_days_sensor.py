"""The home-day sensor: what a landed day touched is made anew, and nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

HOME_DAYS = "conversations_home_days"
SECOND, THIRD, FOURTH, FIFTH = (date(2026, 3, day) for day in (2, 3, 4, 5))


def touched_by(workplace: Workplace, stream: Stream, *activity_days: date) -> set[date]:
    """The home days whose records these activity days delivered; those before the first partition as the first."""
    facts = [workplace.lake.manifests(stream.raw.name)[day].facts["home_days"] for day in activity_days]
    return {max(date.fromisoformat(text), SECOND) for counts in facts for text in counts} | set(activity_days)


def test_a_look_before_anything_landed_is_skipped(workplace: Workplace) -> None:
    told = Ticks(workplace).look(HOME_DAYS)
    assert not told.run_requests
    assert told.skip_message == "No day has landed since the last look."


def test_exactly_the_touched_home_days_are_made_and_a_late_end_reaches_its_home_day(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    ticks = Ticks(workplace)
    org.set_now("2026-03-03T06:00:00Z")
    assert workplace.land(CONVERSATION_DETAILS, [SECOND]).success
    assert SECOND not in {date.fromisoformat(day) for day in _earlier(workplace)}, "threads began before the first day"
    # All home days before the first partition are made in the run of the first.
    assert ticks.requested(HOME_DAYS) == [f"touched {SECOND}..{SECOND}"]
    assert ticks.requested(HOME_DAYS) == [], "requested once"
    assert workplace.make(CONVERSATION_DETAILS, [SECOND]).success
    made = workplace.lake.days("conversations")
    assert made == sorted({*map(date.fromisoformat, _earlier(workplace)), SECOND})

    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    late = {
        row["conversation_id"]
        for row in workplace.lake.read("conversations", SECOND).to_pylist()
        if row["conversation_end"] is None
    }
    assert late, "the world has conversations that are open at the end of their home day"

    org.set_now("2026-03-06T06:00:00Z")
    later = [THIRD, FOURTH, FIFTH]
    assert workplace.land(CONVERSATION_DETAILS, later).success
    assert touched_by(workplace, CONVERSATION_DETAILS, *later) == {SECOND, *later}
    assert ticks.requested(HOME_DAYS) == [f"touched {SECOND}..{FIFTH}"]
    assert workplace.make(CONVERSATION_DETAILS, [SECOND, *later]).success
    ends = {
        row["conversation_id"]: row["conversation_end"]
        for row in workplace.lake.read("conversations", SECOND).to_pylist()
    }
    ended_since = {identity for identity in late if ends[identity] is not None and ends[identity] >= midnight}
    assert ended_since, "conversations that ended on a later day"


def test_home_days_before_the_first_partition_wait_until_it_has_landed(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    workplace = Workplace(tmp_path, start_org(conversations_per_day=1).url)
    ticks = Ticks(workplace)
    assert workplace.land(CONVERSATION_DETAILS, [FOURTH]).success
    touched = {date.fromisoformat(day) for day in _facts(workplace, FOURTH)["home_days"]}
    assert min(touched) < SECOND and SECOND not in touched, "nothing of the first day lives on the third"
    assert not any(asked.endswith(f"{SECOND}..{SECOND}") for asked in ticks.requested(HOME_DAYS))
    assert workplace.land(CONVERSATION_DETAILS, [SECOND]).success
    assert f"touched {SECOND}..{SECOND}" in ticks.requested(HOME_DAYS)


def test_a_day_landed_again_without_a_difference_touches_nothing(workplace: Workplace) -> None:
    ticks = Ticks(workplace)
    assert workplace.land(USER_DETAILS, [SECOND, THIRD]).success
    assert ticks.requested("user_statuses_home_days") == [f"touched {SECOND}..{THIRD}"]
    assert workplace.make(USER_DETAILS, [SECOND, THIRD]).success
    assert workplace.land(USER_DETAILS, [THIRD]).success
    told = ticks.look("user_statuses_home_days")
    assert not told.run_requests
    assert told.skip_message == "The typed tables are those of what has landed."


def _earlier(workplace: Workplace) -> list[str]:
    counts = _facts(workplace, SECOND)["home_days"]
    return [text for text in counts if date.fromisoformat(text) < SECOND]


def _facts(workplace: Workplace, day: date) -> Any:
    return workplace.lake.manifests(CONVERSATION_DETAILS.raw.name)[day].facts
