"""What can be asked for, and what is refused before anything is asked."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import QueryRefused
from analytics_platform_tests.gms.conftest import DAY, WHOLE_DAY

MILLISECOND = timedelta(milliseconds=1)
INSTANTS = st.integers(0, 10**12).map(lambda ms: datetime(1990, 1, 1, tzinfo=UTC) + ms * MILLISECOND)


def test_both_bounds_are_told_in_milliseconds_with_a_z() -> None:
    selection = Selection(DAY, DAY + timedelta(hours=1, milliseconds=7), Events.STARTED)
    assert selection.parameters() == {
        "time_from": "2026-03-02T00:00:00.000Z",
        "time_to": "2026-03-02T01:00:00.007Z",
        "filter_events": "started",
    }


def test_a_state_is_told_only_where_there_is_one() -> None:
    told = Selection(DAY, DAY + MILLISECOND, state=State.INACTIVE).parameters()
    assert told["filter_state"] == "inactive"
    assert "filter_state" not in WHOLE_DAY.parameters()


def test_completed_and_active_is_refused() -> None:
    with pytest.raises(QueryRefused, match="completed and active select nothing"):
        Selection(DAY, DAY + MILLISECOND, Events.COMPLETED, State.ACTIVE)


@pytest.mark.parametrize("events", Events)
@pytest.mark.parametrize("state", State)
def test_every_other_pair_can_be_asked(events: Events, state: State) -> None:
    if (events, state) != (Events.COMPLETED, State.ACTIVE):
        assert Selection(DAY, DAY + MILLISECOND, events, state).parameters()["filter_events"] == events


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 2, 12),  # noqa: DTZ001 - the point of it
        datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 3, 2, 12, microsecond=1001, tzinfo=UTC),
    ],
)
def test_only_utc_instants_in_milliseconds_bound_a_range(instant: datetime) -> None:
    with pytest.raises(QueryRefused, match="cannot bound a range"):
        Selection(DAY, instant)
    with pytest.raises(QueryRefused, match="cannot bound a range"):
        Selection(instant, DAY + timedelta(days=1))


@pytest.mark.parametrize("end", [DAY, DAY - MILLISECOND])
def test_a_range_ends_after_it_begins(end: datetime) -> None:
    with pytest.raises(QueryRefused, match="does not end after it begins"):
        Selection(DAY, end)


@pytest.mark.parametrize("state", [State.ACTIVE, State.INACTIVE])
def test_what_must_last_takes_no_state(state: State) -> None:
    with pytest.raises(QueryRefused, match=f"{state} depends on the instant one asks"):
        _ = Selection(DAY, DAY + MILLISECOND, state=state).lasting
    assert WHOLE_DAY.lasting is WHOLE_DAY


@given(start=INSTANTS, length=st.integers(4, 10**11), place=st.floats(0, 1))
def test_halves_hold_every_instant_inside_of_a_range_whichever_bounds_belong_to_one(
    start: datetime, length: int, place: float
) -> None:
    whole = Selection(start, start + length * MILLISECOND)
    first, second = whole.halves()
    assert (first.start, second.end) == (whole.start, whole.end)
    assert max(first.end - first.start, second.end - second.start) < whole.end - whole.start
    near_the_middle = first.end - MILLISECOND
    for instant in (start + int(place * length) * MILLISECOND, near_the_middle, first.end, second.start):
        if whole.start < instant < whole.end:
            assert first.start < instant < first.end or second.start < instant < second.end


def test_a_range_of_a_few_milliseconds_is_not_halved() -> None:
    with pytest.raises(QueryRefused, match="cannot be halved"):
        Selection(DAY, DAY + 3 * MILLISECOND).halves()
