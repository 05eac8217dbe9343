"""An answer about what is going on now, as rows of a tidy table: one a group, metric and qualifier."""

from datetime import datetime

import pyarrow.compute as pc

from analytics_platform.catalogue.observations import ObservationFamily
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.answers import Tidy, snapshot_rows
from analytics_platform.tables.statistics import groups_of, listed, statistics_columns


def observation_rows(family: ObservationFamily, answer: bytes, tick: datetime, taken_at: datetime) -> Tidy:
    """The rows of one answer in the order sent; `tick` and `taken_at` are those of its snapshot, UTC.

    Raises UnreadableAnswer when the answer is not what the vendor describes.
    """
    groups = groups_of(answer, str(family.operation.gives))
    rows, data = listed(groups.table["data"].combine_chunks())
    qualifiers = pc.struct_field(data, "qualifier")
    columns = {
        **{snake_case(name): groups.named(name, rows) for name in family.dimensions},
        "metric": pc.struct_field(data, "metric"),
        "qualifier": qualifiers,
        "system_presence": groups.system_presences(qualifiers),
        "truncated": pc.struct_field(data, "truncated"),
        **statistics_columns(pc.struct_field(data, "stats")),
    }
    return Tidy(snapshot_rows(family.table, columns, tick, taken_at), groups.unreadable, groups.differences)
