"""The layouts that are tried, each a change to the one the platform ships."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from analytics_platform.catalogue.tables import table
from analytics_platform.lake import Layout
from analytics_platform.lake.layout import leaves
from analytics_platform.landing.layouts import layout

Options = dict[str, Any]
"""Keyword arguments of `pq.ParquetWriter`."""

_GROUPED_ROWS = layout(table("session_metrics")).grouped_rows


@dataclass(frozen=True)
class Tried:
    """One layout: changes to the writer's options, to what has a bloom filter, what is compressed, the order of rows.

    The platform's own row groups are kept, and rows sorted within them, unless the day is taken as a whole.
    """

    name: str
    options: Callable[[pa.Schema, Options], Options] = lambda schema, options: options
    bloom: Callable[[pa.Schema, tuple[str, ...]], tuple[str, ...]] = lambda schema, shipped: shipped
    uncompressed: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda shipped: shipped
    sorted_by: Callable[[pa.Schema], tuple[str, ...]] = lambda schema: ()
    whole_day: bool = False
    group_rows: int = 1 << 40
    grouped_rows: int | None = _GROUPED_ROWS
    """About how many rows a row group of metrics has that was cut from one."""

    def layout(self, name: str, schema: pa.Schema) -> Layout:
        """How a table is written then."""
        shipped = layout(table(name))
        given = {field.name: getattr(shipped, field.name) for field in fields(Layout)}
        given |= {"bloom": self.bloom(schema, shipped.bloom), "sorted_by": self.sorted_by(schema)}
        given |= {"uncompressed": self.uncompressed(shipped.uncompressed)}
        given |= {"row_group_bytes": 1 << 40, "row_group_rows": self.group_rows}
        given |= {"grouped_rows": None if self.whole_day else self.grouped_rows}
        if given["sorted_by"]:
            given["grouped_by"] = None
        return _Changed(**given, change=self.options)


@dataclass(frozen=True, kw_only=True)
class _Changed(Layout):
    change: Callable[[pa.Schema, Options], Options]

    def options(self, schema: pa.Schema, rows: int, ids: Mapping[str, int] | None = None) -> Mapping[str, object]:
        return self.change(schema, dict(super().options(schema, rows, ids)))


def _with(**given: object) -> Callable[[pa.Schema, Options], Options]:
    return lambda schema, options: options | given


def _first(*orders: tuple[str, ...]) -> Callable[[pa.Schema], tuple[str, ...]]:
    """The first of some orders of which a table has all columns; none where it has none."""
    return lambda schema: next((order for order in orders if set(order) <= set(schema.names)), ())


def _but(name: str) -> Callable[[pa.Schema, tuple[str, ...]], tuple[str, ...]]:
    return lambda schema, shipped: tuple(each for each in shipped if each != name)


def _of_type(schema: pa.Schema, wanted: Callable[[pa.DataType], bool]) -> list[str]:
    return [field.name for field in schema if wanted(field.type)]


def _false_positives(share: float) -> Callable[[pa.Schema, Options], Options]:
    def change(schema: pa.Schema, options: Options) -> Options:
        filters = options["bloom_filter_options"] or {}
        return options | {"bloom_filter_options": {name: {**of, "fpp": share} for name, of in filters.items()} or None}

    return change


def _front_coded(schema: pa.Schema, options: Options) -> Options:
    """Doubles split into streams of their bytes; strings without a dictionary by what differs from the one before."""
    plain = [name for name in _of_type(schema, pa.types.is_string) if name not in options["use_dictionary"]]
    doubles = _of_type(schema, pa.types.is_floating)
    others = {**dict.fromkeys(doubles, "BYTE_STREAM_SPLIT"), **dict.fromkeys(plain, "DELTA_BYTE_ARRAY")}
    return options | {"column_encoding": {**(options["column_encoding"] or {}), **others} or None}


def _every_range(schema: pa.Schema, options: Options) -> Options:
    return options | {"write_statistics": [leaf for field in schema for leaf in leaves(field.name, field.type)]}


def _compressed(codec: str, level: int | None = None) -> Callable[[pa.Schema, Options], Options]:
    """All columns alike."""
    return _with(compression=codec, compression_level=level)


def _every_dictionary(schema: pa.Schema, options: Options) -> Options:
    """Of ids of sessions, participants and calls, too."""
    ids = {"session_id", "participant_id", "protocol_call_id"} - _unique(schema)
    return options | {"use_dictionary": [*options["use_dictionary"], *ids.intersection(schema.names)]}


def _ids(shipped: tuple[str, ...]) -> tuple[str, ...]:
    """Of what is not compressed the ids alone: the rest are numbers, and the few names beside metrics."""
    return tuple(name for name in shipped if name.endswith("_id"))


def _unique(schema: pa.Schema) -> set[str]:
    """What names the rows of `participants` and of `sessions` themselves."""
    return {"session_id"} if "protocol_call_id" in schema.names else {"participant_id"}


SHIPPED = Tried("shipped")
_BY_CONVERSATION = _first(("conversation_id",))
_BY_QUEUE = _first(
    ("queue_id", "emit_date"), ("queue_id", "segment_start"), ("queue_id", "event_time"), ("conversation_start",)
)
LAYOUTS = (
    SHIPPED,
    Tried("row groups of 10,000 rows", whole_day=True, group_rows=10_000),
    Tried("one row group a day", whole_day=True),
    Tried("metrics in one row group", grouped_rows=None),
    Tried("metrics by 8,000 rows", grouped_rows=8_000),
    Tried("metrics by 32,000 rows", grouped_rows=32_000),
    Tried("by conversation in each row group", sorted_by=_BY_CONVERSATION),
    Tried("by queue and time in each row group", sorted_by=_BY_QUEUE),
    Tried("page index", _with(write_page_index=True)),
    Tried("no bloom filters", bloom=lambda schema, shipped: ()),
    Tried("bloom filters on ids alone", bloom=_but("ani")),
    Tried("bloom filters, 1 % false", _false_positives(0.01)),
    Tried("no delta encoding", _with(column_encoding=None)),
    Tried("no dictionaries", _with(use_dictionary=False)),
    Tried("byte streams, front-coded ids", _front_coded),
    Tried("least and greatest of all texts", _every_range),
    Tried("types told in Arrow's way, too", _with(store_schema=True)),
    Tried("no least and greatest values", _with(write_statistics=False)),
    Tried("key not compressed", uncompressed=lambda shipped: (*shipped, "conversation_id")),
    Tried("ids in dictionaries, too", _every_dictionary),
    Tried("numbers compressed, too", uncompressed=_ids),
    Tried("all compressed", uncompressed=lambda shipped: ()),
    Tried("zstd 3", _compressed("zstd", 3)),
    Tried("lz4", _compressed("lz4")),
    Tried("not compressed", _compressed("none")),
)
