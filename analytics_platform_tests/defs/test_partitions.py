"""Days of a run: in batches that lie side by side, told to a run by its tags and read from them again."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.defs.partitions import PARTITION, batches, days_between, range_tags, tagged_days

DAYS = st.dates(date(2026, 1, 1), date(2026, 4, 1))


@given(st.lists(DAYS), st.integers(1, 40))
def test_batches_hold_each_day_once_in_order_and_without_gaps(days: list[date], longest: int) -> None:
    made = batches(days, longest)
    assert [day for batch in made for day in batch] == sorted(set(days))
    for batch in made:
        assert len(batch) <= longest
        assert batch == days_between(batch[0], batch[-1])


@given(st.lists(DAYS, min_size=1), st.integers(1, 40))
def test_a_batch_is_read_from_the_tags_it_was_told_by(days: list[date], longest: int) -> None:
    for batch in batches(days, longest):
        assert tagged_days(range_tags(batch)) == batch


def test_a_run_over_one_partition_names_its_day_and_another_none() -> None:
    assert tagged_days({PARTITION: "2026-03-02"}) == [date(2026, 3, 2)]
    assert tagged_days({"user": "somebody"}) == []
