"""The IO manager between Dagster and the lake: the one module below `defs/` that knows Dagster.

An output is either partitions that are already staged (or being staged, one after another), which are published as they
come, or a frame of a person's own asset, which is streamed into the lake. Each published partition tells its manifest
as metadata of its own, also in a run over many days. An input is one lazy frame over the days it maps to.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

import dagster as dg

from analytics_platform.lake.manifest import Manifest
from analytics_platform.lake.store import Lake

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class Publishable(Protocol):
    """One staged partition, or several that belong together."""

    def publish(self) -> Manifest: ...


class Partitions:
    """Staged partitions of one table, or manifests of those published before, made one at a time while written."""

    def __init__(self, parts: Iterable[Publishable | Manifest]) -> None:
        self._parts = parts

    def published(self) -> Iterator[Manifest]:
        for part in self._parts:
            yield part if isinstance(part, Manifest) else part.publish()


class LakeIOManager(dg.IOManager):
    """Publishes partitions in the lake and reads days back as one lazy frame; `Partitions`, polars or Arrow."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Publish or write the output's days; raises LakeError, and TypeError for what is no table."""
        parts = obj if isinstance(obj, Partitions) else Partitions(self._staged(context, obj))
        for manifest in parts.published():
            key = manifest.day.isoformat()
            context.log.info(
                "%s of %s: %d rows, %d bytes, %s",
                manifest.table,
                key,
                manifest.rows,
                manifest.bytes,
                manifest.facts.get("state", "written"),
            )
            # A home day before the first partition is in the lake, but has no partition to show it on.
            if key in context.asset_partition_keys:
                context.step_context.add_asset_metadata(
                    partition_metadata(manifest, self._lake), asset_key=context.asset_key, partition_key=key
                )

    def load_input(self, context: dg.InputContext) -> "pl.LazyFrame":
        """One lazy frame over the upstream days, all where the upstream has no partitions; column `day` says which."""
        days = (
            [date.fromisoformat(key) for key in context.asset_partition_keys] if context.has_asset_partitions else None
        )
        return self._lake.scan(_table(context.asset_key), days)

    def _staged(self, context: dg.OutputContext, frame: object) -> Iterator[Publishable]:
        import polars as pl

        if not isinstance(frame, pl.LazyFrame):
            eager = frame if isinstance(frame, pl.DataFrame) else pl.from_arrow(frame)
            assert isinstance(eager, pl.DataFrame)
            frame = eager.lazy()
        days = [date.fromisoformat(key) for key in context.asset_partition_keys]
        has_day = "day" in frame.collect_schema().names()
        if len(days) > 1 and not has_day:
            raise TypeError(
                f"{context.asset_key.to_user_string()} was asked for {len(days)} days and gave one frame without "
                "a column `day` that tells them apart: add the column, or give the asset a policy of one day a run."
            )
        for day in days:
            mine = frame.filter(pl.col("day") == day).drop("day") if has_day else frame
            yield _stream(self._lake, _table(context.asset_key), day, mine)


def partition_metadata(manifest: Manifest, lake: Lake) -> Mapping[str, object]:
    """What a published partition tells in the UI; numbers are plotted over the partitions."""
    facts = manifest.facts
    told: dict[str, object] = {
        "dagster/partition_row_count": manifest.rows,
        "dagster/uri": lake.place.path(manifest.table, manifest.day),
        "bytes": manifest.bytes,
        "checksum": manifest.checksum,
        "code_version": manifest.code_version,
    }
    instants = {"min_instant": manifest.min_instant, "max_instant": manifest.max_instant}
    told |= {name: dg.MetadataValue.timestamp(instant) for name, instant in instants.items() if instant is not None}
    for name, value in facts.items():
        if name in ("watermark", "as_of") and isinstance(value, str):
            told[name] = dg.MetadataValue.timestamp(datetime.fromisoformat(value))
        elif isinstance(value, dict | list):
            told[name] = dg.MetadataValue.json(value)
        elif value is not None:
            told[name] = value
    return told


def _stream(lake: Lake, table: str, day: date, frame: "pl.LazyFrame") -> Publishable:
    schema: pa.Schema = frame.collect_schema().to_frame().to_arrow().schema
    with lake.stage(table, day, schema) as writer:
        for batch in frame.collect_batches():
            writer.write(batch.to_arrow().cast(schema))
        return writer.seal({})


def _table(key: dg.AssetKey) -> str:
    return "_".join(key.path)
