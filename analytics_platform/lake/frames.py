"""Many days of a table as one lazy frame, also where its columns changed over time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import cast

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analytics_platform.lake.errors import LakeError, told
from analytics_platform.lake.place import Place

_DAY = pa.schema([pa.field("day", pa.date32())])


def scan_days(place: Place, table: str, days: Sequence[date], *, empty: bool) -> pl.LazyFrame:
    """One lazy frame over `days`, all landed and at least one, with their union schema and a column `day`."""
    dataset = days_dataset(place, table, days)
    schema = pl.Schema(cast(pl.DataFrame, pl.from_arrow(dataset.schema.empty_table())).schema)
    if empty:
        return pl.LazyFrame(schema=schema)
    if "://" in place.name:
        return pl.scan_pyarrow_dataset(dataset)
    del schema["day"]
    return pl.scan_parquet(
        [place.path(table, day) for day in days],
        glob=False,
        schema=schema,
        hive_partitioning=True,
        hive_schema={"day": pl.Date},
        missing_columns="insert",
        cast_options=pl.ScanCastOptions(
            integer_cast=["upcast", "allow-float"],
            float_cast="upcast",
            missing_struct_fields="insert",
        ),
    )


def days_dataset(place: Place, table: str, days: Sequence[date]) -> ds.Dataset:
    """An Arrow dataset over `days` of a table with their union schema and a column `day` (date32)."""
    schema = union_schema(place, table, days)
    return ds.dataset(
        [place.path(table, day) for day in days],
        schema=pa.schema([*schema, *_DAY]),
        filesystem=place.filesystem,
        format="parquet",
        partitioning=ds.partitioning(_DAY, flavor="hive"),
        partition_base_dir=place.table_path(table),
    )


def union_schema(place: Place, table: str, days: Sequence[date]) -> pa.Schema:
    """All columns of `days`, those of the newest first; a type that grew is the wider one."""

    def schema_of(day: date) -> pa.Schema:
        with told(f"reading the columns of {table} of {day}", place.name), place.open(table, day) as source:
            return pq.read_schema(source).remove_metadata()

    with ThreadPoolExecutor(place.readers) as pool:
        distinct = list(dict.fromkeys(pool.map(schema_of, sorted(days, reverse=True))))
    try:
        return pa.unify_schemas(distinct, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as fault:
        raise LakeError(
            f"The days of {table} at {place.name} have columns whose types cannot be brought together ({fault}); "
            "rebuild the table's older days."
        ) from fault
