"""The rows in which two files differ, brought together part by part."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics_platform.lake import Lake, StagedPartition
from analytics_platform.landing import differing_rows
from analytics_platform.landing.differing_rows import differing_parts

DAY = date(2026, 3, 3)
SCHEMA = pa.schema([("id", pa.string()), ("page", pa.int64()), ("record", pa.string())])
Rows = list[tuple[str, str]]


def _staged(lake: Lake, rows: Rows) -> StagedPartition:
    columns = [pa.array([row[0] for row in rows], pa.string()), pa.array(range(len(rows)), pa.int64())]
    with lake.stage("raw", DAY, SCHEMA) as writer:
        writer.write(pa.Table.from_arrays([*columns, pa.array([row[1] for row in rows], pa.string())], schema=SCHEMA))
        return writer.seal({})


def _parts(lake: Lake, before: Rows, after: Rows) -> list[tuple[Rows, Rows]]:
    one, other = _staged(lake, before), _staged(lake, after)
    with lake.open_staged(one) as old, lake.open_staged(other) as new:
        found = [
            tuple([(row["id"], row["record"]) for row in side.to_pylist()] for side in pair)
            for pair in differing_parts(lake, "raw", DAY, (old, new), ["id", "record"])
        ]
    one.discard()
    other.discard()
    return found  # type: ignore[return-value]


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder / "lake")


_FILES = st.lists(st.tuples(st.text("abcd", min_size=1, max_size=2), st.sampled_from(["1", "2" * 40])), max_size=12)


@given(_FILES, _FILES, st.sampled_from([60, 1 << 20]))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_an_id_that_differs_is_in_one_pair_with_all_its_rows_in_order(
    lake: Lake, before: Rows, after: Rows, part_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differing_rows, "_PART_BYTES", part_bytes)
        pairs = _parts(lake, before, after)
    for key in {key for key, _ in before + after}:
        sides = [[row for row in rows if row[0] == key] for rows in (before, after)]
        holding = [pair for pair in pairs if any(row[0] == key for side in pair for row in side)]
        if sorted(sides[0]) != sorted(sides[1]):
            assert len(holding) == 1
            assert [[row for row in side if row[0] == key] for side in holding[0]] == sides


def test_what_does_not_differ_is_not_laid_down_and_nothing_is_left_behind(lake: Lake, folder: Path) -> None:
    many = [(f"id {number}", "x" * 100) for number in range(3000)]
    (pair,) = _parts(lake, many, [*many[:-1], ("id 2999", "y")])
    # A few others may share the bucket of the one that differs.
    assert ("id 2999", "x" * 100) in pair[0] and ("id 2999", "y") in pair[1] and len(pair[0]) < 10
    assert list(folder.rglob("*.parquet")) == []


def test_much_that_differs_comes_in_parts(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differing_rows, "_PART_BYTES", 20_000)
    before = [(f"id {number}", "x" * 100) for number in range(1000)]
    after = [(key, "y" * 100) for key, _ in reversed(before)]
    pairs = _parts(lake, before, after)
    assert len(pairs) == 11 and max(len(old) for old, _ in pairs) < 150
    assert sorted(row for old, _ in pairs for row in old) == sorted(before)
    assert all(sorted(key for key, _ in old) == sorted(key for key, _ in new) for old, new in pairs)
