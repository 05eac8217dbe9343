"""The IO manager between Dagster and the lake: the one module below `defs/` that knows Dagster.

An output is either partitions that are already staged (or being staged, one after another), which are published as they
come, or a frame of a person's own asset, which is streamed into the lake. Each published partition tells its manifest
as metadata of its own, also in a run over many days. An input is one lazy frame over the days it maps to.
"""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import dagster as dg

from analytics_platform.lake.errors import LakeError, LakeUnreachable
from analytics_platform.lake.manifest import Manifest
from analytics_platform.lake.store import Lake

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


_SUMS = ("digest", "question", "version")
"""Facts that say nothing to a person: they stand last, beside the checksum."""


class Publishable(Protocol):
    """One staged partition, or several that belong together."""

    def publish(self) -> Manifest: ...


class Partitions:
    """Staged partitions of one table, or manifests of those published before, made one at a time while written."""

    def __init__(self, parts: Iterable[Publishable | Manifest]) -> None:
        self._parts = parts

    def published(self) -> Generator[Manifest]:
        """Publish one after another; closing this also closes what makes them."""
        try:
            for part in self._parts:
                yield part if isinstance(part, Manifest) else part.publish()
        finally:
            if isinstance(self._parts, Generator):
                self._parts.close()


class LakeIOManager(dg.IOManager):
    """Publishes partitions in the lake and reads days back as one lazy frame; `Partitions`, polars or Arrow."""

    def __init__(self, opened: Callable[[], Lake]) -> None:
        # Opened when it is needed: a lake that cannot be is then the fault of a step, told like any other.
        self._opened = opened

    @property
    def _lake(self) -> Lake:
        return self._opened()

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Publish or write the output's days; `dg.Failure` says in a sentence what the lake cannot do.

        What was published before a fault is in the lake, and so it is told to Dagster although the step fails.
        """
        parts = obj if isinstance(obj, Partitions) else Partitions(self._staged(context, obj))
        landed: list[Manifest] = []
        try:
            # Closed here and now: what is still staged holds files and claims, which a retry would wait for.
            with contextlib.closing(parts.published()) as published:
                for manifest in published:
                    landed.append(manifest)
                    self._tell(context, manifest)
        except LakeError as fault:
            self._record(context, landed)
            raise dg.Failure(str(fault), allow_retries=isinstance(fault, LakeUnreachable)) from None
        except BaseException:
            self._record(context, landed)
            raise

    def load_input(self, context: dg.InputContext) -> "pl.LazyFrame":
        """One lazy frame over the upstream days, all where the upstream has no partitions; column `day` says which."""
        days = (
            [date.fromisoformat(key) for key in context.asset_partition_keys] if context.has_asset_partitions else None
        )
        try:
            return self._lake.scan(_table(context.asset_key), days)
        except LakeError as fault:
            raise dg.Failure(str(fault), allow_retries=isinstance(fault, LakeUnreachable)) from None

    def _tell(self, context: dg.OutputContext, manifest: Manifest) -> None:
        key = manifest.day.isoformat()
        # A home day before the first partition is in the lake, but has no partition to show it on.
        if key in context.asset_partition_keys:
            context.step_context.add_asset_metadata(
                partition_metadata(manifest, self._lake), asset_key=context.asset_key, partition_key=key
            )

    def _record(self, context: dg.OutputContext, landed: Iterable[Manifest]) -> None:
        """Dagster records partitions when a step has ended well; those of a failing one are recorded here."""
        for manifest in landed:
            if manifest.day.isoformat() in context.asset_partition_keys:
                event = partition_event(context.asset_key, manifest, self._lake)
                # Making the event stores it.
                dg.DagsterEvent.asset_materialization(context.step_context, event)

    def _staged(self, context: dg.OutputContext, frame: object) -> Iterator[Publishable]:
        import polars as pl
        import pyarrow as pa

        name = context.asset_key.to_user_string()
        if isinstance(frame, pa.Table | pa.RecordBatch):
            frame = pl.from_arrow(frame)
        if isinstance(frame, pl.DataFrame):
            frame = frame.lazy()
        if not isinstance(frame, pl.LazyFrame):
            raise TypeError(
                f"{name} gave {type(frame).__name__}, which is no table: give a polars LazyFrame or DataFrame, or an "
                "Arrow Table."
            )
        days = [date.fromisoformat(key) for key in context.asset_partition_keys]
        has_day = "day" in frame.collect_schema().names()
        if len(days) > 1 and not has_day:
            raise TypeError(
                f"{name} was asked for {len(days)} days and gave one frame without "
                "a column `day` that tells them apart: add the column, or give the asset a policy of one day a run."
            )
        for day in days:
            mine = frame.filter(pl.col("day") == day).drop("day") if has_day else frame
            yield _stream(self._lake, _table(context.asset_key), day, mine)


def partition_event(key: dg.AssetKey, manifest: Manifest, lake: Lake) -> dg.AssetMaterialization:
    """The event that tells Dagster of a partition the lake holds."""
    return dg.AssetMaterialization(key, partition=manifest.day.isoformat(), metadata=partition_metadata(manifest, lake))


def partition_metadata(manifest: Manifest, lake: Lake) -> Mapping[str, Any]:
    """What a published partition tells in the UI, short things first; numbers are plotted over the partitions."""
    facts = {name: value for name, value in manifest.facts.items() if value is not None}
    long = {name: value for name, value in facts.items() if isinstance(value, dict | list)}
    instants = {
        name: datetime.fromisoformat(facts[name]) for name in ("watermark", "as_of") if isinstance(facts.get(name), str)
    }
    range_of_rows = {"min_instant": manifest.min_instant, "max_instant": manifest.max_instant}
    instants |= {name: instant for name, instant in range_of_rows.items() if instant is not None}
    sums = {name: value for name, value in facts.items() if name in _SUMS and name not in long}
    short = {name: value for name, value in facts.items() if name not in long | instants | sums}
    return {
        "dagster/partition_row_count": manifest.rows,
        "dagster/uri": lake.place.path(manifest.table, manifest.day),
        **{name: value for name, value in short.items() if name == "state"},
        "bytes": manifest.bytes,
        **{name: dg.MetadataValue.timestamp(instant) for name, instant in instants.items()},
        **{name: value for name, value in short.items() if name != "state"},
        **{name: dg.MetadataValue.json(value) for name, value in long.items()},
        **sums,
        "checksum": manifest.checksum,
        "code_version": manifest.code_version,
    }


def _stream(lake: Lake, table: str, day: date, frame: "pl.LazyFrame") -> Publishable:
    schema: pa.Schema = frame.collect_schema().to_frame().to_arrow().schema
    with lake.stage(table, day, schema) as writer:
        for batch in frame.collect_batches():
            writer.write(batch.to_arrow().cast(schema))
        return writer.seal({})


def _table(key: dg.AssetKey) -> str:
    return "_".join(key.path)
