"""Many days of a table as one lazy frame, also where its columns changed over time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analytics_platform.lake.errors import LakeError, told
from analytics_platform.lake.place import Place
from analytics_platform.lake.protection import Protection

if TYPE_CHECKING:
    import polars as pl

_DAY = pa.schema([pa.field("day", pa.date32())])


def scan_days(place: Place, table: str, days: Sequence[date], *, empty: bool, protection: Protection) -> "pl.LazyFrame":
    """One lazy frame over `days`, all landed and at least one, with their union schema and a column `day`."""
    import polars as pl  # its import costs more than a look at manifests, which needs none of it

    dataset = days_dataset(place, table, days)
    schema = pl.Schema(cast(pl.DataFrame, pl.from_arrow(dataset.schema.empty_table())).schema)
    if empty:
        return pl.LazyFrame(schema=schema)
    # polars cannot be given a key; Arrow's own reader can.
    keys = protection.sealing.scanning() if protection.sealing and protection.sealed(dataset.schema) else None
    if "://" in place.name or keys is not None:
        return pl.scan_pyarrow_dataset(LiveDataset(place, table, days, dataset, keys))
    del schema["day"]
    return pl.scan_parquet(
        [place.path(table, day) for day in days],
        glob=False,
        schema=schema,
        hive_partitioning=True,
        hive_schema={"day": pl.Date},
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=pl.ScanCastOptions(
            integer_cast=["upcast", "allow-float"],
            float_cast="upcast",
            missing_struct_fields="insert",
        ),
    )


def live_dataset(place: Place, table: str, days: Sequence[date]) -> ds.Dataset:
    """An Arrow dataset as `days_dataset` makes it, that may be scanned again and again while days are replaced."""
    return LiveDataset(place, table, days, days_dataset(place, table, days))


def days_dataset(place: Place, table: str, days: Sequence[date]) -> ds.FileSystemDataset:
    """An Arrow dataset over `days` of a table with their union schema and a column `day` (date32)."""
    return _dataset(place, table, days, pa.schema([*union_schema(place, table, days), *_DAY]))


def _dataset(
    place: Place, table: str, days: Sequence[date], schema: pa.Schema, keys: Any = None
) -> ds.FileSystemDataset:
    how = {"page_checksum_verification": True, **({"decryption_config": keys} if keys is not None else {})}
    return ds.dataset(
        [place.path(table, day) for day in days],
        schema=schema,
        filesystem=place.filesystem,
        format=ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(**how)),
        partitioning=ds.partitioning(_DAY, flavor="hive"),
        partition_base_dir=place.table_path(table),
    )


class LiveDataset(ds.FileSystemDataset):  # type: ignore[misc]
    """A dataset that reads every footer anew for each scan.

    A plain one keeps the footers of its first scan, and so misreads partitions that are replaced after it.
    """

    def __init__(
        self, place: Place, table: str, days: Sequence[date], dataset: ds.FileSystemDataset, keys: Any = None
    ) -> None:
        super().__init__(list(dataset.get_fragments()), dataset.schema, dataset.format, dataset.filesystem)
        self._anew = partial(_dataset, place, table, days, dataset.schema, keys)

    def scanner(self, *arguments: Any, **options: Any) -> ds.Scanner:
        return self._anew().scanner(*arguments, **options)


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
