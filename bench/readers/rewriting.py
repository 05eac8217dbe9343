"""The typed tables once more in every layout, by the platform's own writer."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import table as catalogued
from analytics_platform.lake import Lake, Layout
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.memory import use_system_allocator
from bench.figures import Stopwatch, bytes_below
from bench.readers.tried import Tried


class Written(msgspec.Struct, frozen=True):
    """What writing all typed tables in a layout took: CPU seconds of a day, the median of all days, and all bytes."""

    layout: str
    cpu_seconds: float
    bytes: int


def rewrite(lake: Lake, layouts: Sequence[Tried], folder: Path) -> list[Written]:
    """Write every typed partition to a lake of each layout, `folder`/<its number>; day by day all layouts in turn.

    Only writing is measured; where a layout has rows sorted, sorting is part of it.
    """
    use_system_allocator()
    others = [Lake.open(folder / str(number)) for number in range(len(layouts))]
    cpu: dict[str, list[float]] = {tried.name: [] for tried in layouts}
    for day in lake.days(CONVERSATION_DETAILS.head.name):
        tables = {table.name: _row_groups(lake, table.name, day) for table in CONVERSATION_DETAILS.tables}
        for tried, other in zip(layouts, others, strict=True):
            watch = Stopwatch.started()
            for name, groups in tables.items():
                _write(other, name, day, groups, tried)
            cpu[tried.name].append(watch.cpu_seconds)
    sizes = [bytes_below(folder / str(number)) for number in range(len(layouts))]
    return [Written(tried.name, median(cpu[tried.name]), size) for tried, size in zip(layouts, sizes, strict=True)]


def _row_groups(lake: Lake, table: str, day: date) -> list[pa.Table]:
    """The partition by what was written together; one that is empty where it has nothing."""
    with lake.open_partition(table, day) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)] or [file.read()]
    return [pa.concat_tables(parts).replace_schema_metadata() for parts in _together(groups, layout(catalogued(table)))]


def _together(groups: list[pa.Table], written: Layout) -> list[list[pa.Table]]:
    """Row groups that were cut from one where a value changes go on ascending by it."""
    found = [groups[:1]]
    for group in groups[1:]:
        name = written.grouped_by
        if name is not None and group[name][0].as_py() > found[-1][-1][name][-1].as_py():
            found[-1].append(group)
        else:
            found.append([group])
    return found


def _write(lake: Lake, table: str, day: date, groups: list[pa.Table], tried: Tried) -> None:
    wanted = tried.layout(table, groups[0].schema)
    order = [(name, "ascending") for name in wanted.sorted_by]
    parts = [pa.concat_tables(groups)] if tried.whole_day else groups
    with lake.stage(table, day, groups[0].schema, wanted) as writer:
        for rows in parts:
            writer.write(rows.sort_by(order) if order else rows)
            writer.flush()
        writer.seal({}).publish()
