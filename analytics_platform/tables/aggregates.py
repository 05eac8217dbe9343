"""An answer of an aggregate query, as rows of the family's tidy table: one a bucket, group, metric and qualifier."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.answers import Tidy
from analytics_platform.tables.drift import Drift, Kind
from analytics_platform.tables.schemas import INSTANT, table_schema
from analytics_platform.tables.statistics import Groups, groups_of, listed, statistics_columns


def aggregate_rows(family: AggregateFamily, group_by: Sequence[str], answer: bytes) -> Tidy:
    """The rows of one answer, by their key; a bucket's end is as the vendor tells it, also where that is `.999Z`.

    A view is a row without a metric. A dimension in a group that was not asked for is among the differences, as is a
    bucket whose interval is none. Raises UnreadableAnswer when the answer is not what the vendor describes.
    """
    table = family.table(group_by)
    groups = groups_of(answer, str(family.operation.gives))
    group, buckets = listed(groups.table["data"].combine_chunks())
    bounds = _bounds(pc.struct_field(buckets, "interval"))
    told = [_rows(family, group_by, groups, group, buckets, bounds, field) for field in ("metrics", "views")]
    schema = table_schema(table)
    rows = pa.concat_tables(pa.table({name: part[name] for name in schema.names}, schema=schema) for part in told)
    differences = Counter(groups.differences)
    differences.update(_unasked(groups, group_by))
    if unknown := bounds["interval_start"].null_count:
        differences[Drift("data.interval", Kind.WRONG_TYPE, "text")] += unknown
    return Tidy(rows.sort_by([(name, "ascending") for name in table.key]), groups.unreadable, differences)


def _rows(
    family: AggregateFamily,
    group_by: Sequence[str],
    groups: Groups,
    group: pa.Array,
    buckets: pa.StructArray,
    bounds: Mapping[str, pa.Array],
    field: str,
) -> Mapping[str, pa.Array]:
    """The columns of all metrics, or views, of the buckets; `group` tells of each bucket which group it is of."""
    bucket, told = listed(pc.struct_field(buckets, field))
    absent = pa.nulls(len(told), pa.string())
    metric, qualifier, view = (
        (pc.struct_field(told, "metric"), pc.struct_field(told, "qualifier"), absent)
        if field == "metrics"
        else (absent, absent, pc.struct_field(told, "name"))
    )
    rows = group.take(bucket)
    return {
        **{name: bound.take(bucket) for name, bound in bounds.items()},
        **{snake_case(name): groups.named(name, rows) for name in group_by},
        "metric": metric,
        "qualifier": qualifier,
        **({"system_presence": groups.system_presences(qualifier)} if family.has_presences else {}),
        "view": view,
        **statistics_columns(pc.struct_field(told, "stats")),
    }


def _bounds(intervals: pa.StringArray) -> Mapping[str, pa.Array]:
    """Where each bucket begins and ends; null where its interval is no two instants. There are few to a query."""
    known = pc.unique(intervals)
    read = [_instants(text) for text in known.to_pylist()]
    which = pc.index_in(intervals, known)
    return {
        name: pa.array([bounds[position] for bounds in read], INSTANT).take(which)
        for position, name in enumerate(("interval_start", "interval_end"))
    }


def _instants(interval: str | None) -> tuple[datetime | None, datetime | None]:
    """The two instants of a text, in whole milliseconds; one without an offset is UTC."""
    try:
        first, second = (datetime.fromisoformat(part) for part in (interval or "").split("/"))
    except ValueError:
        return None, None
    start, end = (
        each.replace(tzinfo=each.tzinfo or UTC, microsecond=each.microsecond // 1000 * 1000) for each in (first, second)
    )
    return start, end


def _unasked(groups: Groups, group_by: Sequence[str]) -> Mapping[Drift, int]:
    """How many groups name each dimension that was not asked for."""
    named = pc.value_counts(groups.table["group"].combine_chunks().keys)
    return {
        Drift(f"group.{each['values']}", Kind.UNKNOWN_FIELD, "text"): each["counts"]
        for each in named.to_pylist()
        if each["values"] not in group_by
    }
