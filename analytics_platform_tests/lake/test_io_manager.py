"""The IO manager as a person's own assets use it: upstream days as one lazy frame in, a frame or Arrow table out."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa
import pytest

from analytics_platform.lake import Lake
from analytics_platform.lake.io_manager import LakeIOManager, partition_metadata

DAYS = [date(2026, 3, day) for day in (2, 3, 4)]
PARTITIONS = dg.DailyPartitionsDefinition("2026-03-02", end_date="2026-03-05")
SCHEMA = pa.schema([("number", pa.int64()), ("at", pa.timestamp("ms", "UTC"))])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with a table of three days, three rows each."""
    made = Lake.open(tmp_path / "lake")
    for day in DAYS:
        with made.stage("numbers", day, SCHEMA) as writer:
            instants = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for hour in range(3)]
            writer.write(pa.table([[day.day, day.day * 10, day.day * 100], instants], schema=SCHEMA))
            writer.seal({"state": "complete"}).publish()
    return made


def by_day(**options: Any) -> Callable[..., Any]:
    """How a person would declare a table of their own beside the platform's."""
    return dg.asset(
        name="doubled",
        partitions_def=PARTITIONS,
        backfill_policy=dg.BackfillPolicy.multi_run(31),
        io_manager_key="lake_io_manager",
        ins={"numbers": dg.AssetIn("numbers")},
        **options,
    )


@by_day()
def lazy(numbers: pl.LazyFrame) -> pl.LazyFrame:
    return numbers.with_columns(pl.col("number") * 2)


@by_day()
def eager(numbers: pl.LazyFrame) -> pl.DataFrame:
    return numbers.with_columns(pl.col("number") * 2).collect()


@by_day()
def arrow(numbers: pl.LazyFrame) -> pa.Table:
    return numbers.with_columns(pl.col("number") * 2).collect().to_arrow()


@by_day()
def without_day(numbers: pl.LazyFrame) -> pl.LazyFrame:
    return numbers.select("number")


@by_day()
def no_table(numbers: pl.LazyFrame) -> Any:
    return [1, 2, 3]


def run(asset: Any, lake: Lake, first: date, last: date, **options: Any) -> dg.ExecuteInProcessResult:
    tags = {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
    upstream = dg.AssetSpec("numbers", partitions_def=PARTITIONS).with_io_manager_key("lake_io_manager")
    result = dg.materialize(
        [asset, upstream],
        resources={"lake_io_manager": LakeIOManager(lambda: lake)},
        tags=tags,
        raise_on_error=False,
        **options,
    )
    assert isinstance(result, dg.ExecuteInProcessResult)
    return result


@pytest.mark.parametrize("asset", [lazy, eager, arrow], ids=["lazy", "eager", "arrow"])
@pytest.mark.parametrize("last", [DAYS[0], DAYS[-1]], ids=["one-day", "range"])
def test_a_table_derived_from_the_lake_lands_in_the_lake_by_day(lake: Lake, asset: Any, last: date) -> None:
    assert run(asset, lake, DAYS[0], last).success
    wanted = [day for day in DAYS if day <= last]
    assert lake.days("doubled") == wanted
    for day in wanted:
        rows = lake.read("doubled", day)
        assert rows["number"].to_pylist() == [day.day * 2, day.day * 20, day.day * 200]
        assert rows["at"].to_pylist() == lake.read("numbers", day)["at"].to_pylist()
        assert "day" not in rows.column_names, "the partition's folder says the day"


def test_each_partition_tells_its_own_rows(lake: Lake) -> None:
    @by_day()
    def unequal(numbers: pl.LazyFrame) -> pl.LazyFrame:
        return numbers.filter(pl.col("number") <= 30)

    result = run(unequal, lake, DAYS[0], DAYS[-1])
    told = {
        event.partition: event.materialization.metadata["dagster/partition_row_count"].value
        for event in result.get_asset_materialization_events()
    }
    assert told == {"2026-03-02": 2, "2026-03-03": 2, "2026-03-04": 1}


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("2f8531c9", ["state", "file_rows", "ticks", "digest", "question", "checksum"]),
        ({"groupBy": ["queueId"]}, ["state", "file_rows", "question", "ticks", "digest", "checksum"]),
    ],
)
def test_what_a_person_reads_stands_before_what_is_long_and_digests_last(
    lake: Lake, question: object, order: list[str]
) -> None:
    facts = {"digest": "ebfd620f", "file_rows": 3, "question": question, "state": "complete", "ticks": ["08:00Z"]}
    with lake.stage("asked", DAYS[0], SCHEMA) as writer:
        manifest = writer.seal(facts).publish()
    assert [name for name in partition_metadata(manifest, lake) if name in order] == order


def test_the_upstream_comes_as_one_lazy_frame_of_the_days_asked_for(lake: Lake) -> None:
    seen: dict[str, Any] = {}

    @by_day()
    def looking(numbers: pl.LazyFrame) -> pl.LazyFrame:
        seen["frame"] = numbers
        return numbers

    assert run(looking, lake, DAYS[0], DAYS[1]).success
    frame = seen["frame"]
    assert isinstance(frame, pl.LazyFrame)
    assert frame.collect_schema()["day"] == pl.Date
    assert frame.select(pl.col("day").unique().sort()).collect()["day"].to_list() == DAYS[:2]


def test_an_asset_without_partitions_sees_all_days(lake: Lake) -> None:
    @dg.asset(io_manager_key="lake_io_manager", ins={"numbers": dg.AssetIn("numbers")})
    def total(numbers: pl.LazyFrame) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"total": int(numbers.select(pl.sum("number")).collect().item())})

    upstream = dg.AssetSpec("numbers", partitions_def=PARTITIONS).with_io_manager_key("lake_io_manager")
    result = dg.materialize([total, upstream], resources={"lake_io_manager": LakeIOManager(lambda: lake)})
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["total"].value == 111 * (2 + 3 + 4)


def test_a_day_without_rows_lands_empty(lake: Lake) -> None:
    @by_day()
    def nothing(numbers: pl.LazyFrame) -> pl.LazyFrame:
        return numbers.filter(pl.col("number") < 0)

    assert run(nothing, lake, DAYS[0], DAYS[1]).success
    assert [lake.read("doubled", day).num_rows for day in DAYS[:2]] == [0, 0]
    assert lake.read("doubled", DAYS[0]).column_names == ["number", "at"]


@pytest.mark.parametrize(
    ("asset", "said"), [(without_day, "without a column `day`"), (no_table, "gave list, which is no table")]
)
def test_what_cannot_be_written_says_what_to_do(lake: Lake, asset: Any, said: str) -> None:
    result = run(asset, lake, DAYS[0], DAYS[-1])
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    error = failed.step_failure_data.error
    assert error is not None and error.cause is not None and said in error.cause.message
    assert not lake.days("doubled")


def test_one_day_needs_no_column_that_says_it(lake: Lake) -> None:
    assert run(without_day, lake, DAYS[1], DAYS[1]).success
    assert lake.read("doubled", DAYS[1])["number"].to_pylist() == [3, 30, 300]


def test_a_table_that_has_not_landed_is_named(tmp_path: Path) -> None:
    result = run(lazy, Lake.open(tmp_path / "empty"), DAYS[0], DAYS[0])
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None and failure.description is not None
    assert failure.description.startswith("Table numbers has not landed any day at")


def test_a_fault_in_mid_stream_leaves_the_old_partition(lake: Lake) -> None:
    assert run(lazy, lake, DAYS[0], DAYS[0]).success
    before = lake.verify("doubled", DAYS[0])

    @by_day()
    def breaking(numbers: pl.LazyFrame) -> pl.LazyFrame:
        return numbers.with_columns(pl.col("number").cast(pl.String).str.to_date("%Y-%m-%d").alias("number"))

    assert not run(breaking, lake, DAYS[0], DAYS[0]).success
    assert lake.verify("doubled", DAYS[0]) == before


def test_a_large_frame_is_streamed(lake: Lake) -> None:
    """The writer sees many pieces, none of them near the whole."""
    rows = 3_000_000
    sizes: list[int] = []
    plain = lake.stage

    class Watched(Lake):
        def stage(self, *arguments: Any, **options: Any) -> Any:
            writer = plain(*arguments, **options)
            write = writer.write

            def watched(rows: pa.Table | pa.RecordBatch) -> None:
                sizes.append(rows.num_rows)
                write(rows)

            writer.write = watched  # type: ignore[method-assign]
            return writer

    @dg.asset(name="many", partitions_def=PARTITIONS, io_manager_key="lake_io_manager")
    def many() -> pl.LazyFrame:
        return pl.LazyFrame({"one": [1]}).select(pl.int_range(rows).alias("number"))

    result = dg.materialize(
        [many], resources={"lake_io_manager": LakeIOManager(lambda: Watched(lake.place))}, partition_key="2026-03-02"
    )
    assert result.success
    assert sum(sizes) == rows and max(sizes) <= rows // 4
