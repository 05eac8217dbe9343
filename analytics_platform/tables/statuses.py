"""User records to presences and routing statuses, and of a status delivered many times the newest version.

A status is one stretch of a user's timeline: it is known by its user and its start, since a timeline holds one status
at a time. Stretches of no length at all can share their start with another; those are told apart by their value too.
"""

import polars as pl
import pyarrow as pa

from analytics_platform.catalogue.tables import USERS, Table, status_tables
from analytics_platform.tables.flatten import levels
from analytics_platform.tables.schemas import table_schema

MODEL = "AnalyticsUserDetail"


def status_rows(records: pa.Table, activity_day: pa.Array, as_of: pa.Array) -> dict[str, pa.Table]:
    """The two status tables of a nested table of users, by table name; several versions of a status may stand in them.

    `activity_day` (date32) and `as_of` (timestamp[ms, UTC]) tell for each record the delivery it was taken from.
    """
    made: dict[str, pa.Table] = {}
    _, *statuses = levels(records, (USERS, *status_tables()))
    for level in statuses:
        users = pa.array(level.parents)
        made[level.table.name] = level.flat({"activity_day": activity_day.take(users), "as_of": as_of.take(users)})
    return made


def newest_statuses(versions: pa.Table, table: Table) -> pa.Table:
    """Of each status the newest version (by `as_of`, then `activity_day`), sorted by user, start and value."""
    value = table.key[2:]
    lasting = (pl.col("start_time") != pl.col("end_time")).fill_null(True)
    told_apart_by = [pl.when(~lasting).then(pl.col(name)).alias(f"_{name}") for name in value]
    identity = ["user_id", "start_time", "_lasting", *(f"_{name}" for name in value)]
    newest = (
        pl.LazyFrame(pl.from_arrow(versions))
        .with_columns(lasting.alias("_lasting"), *told_apart_by)
        .sort("as_of", "activity_day", maintain_order=True)
        .unique(identity, keep="last", maintain_order=True)
        .sort("user_id", "start_time", "_lasting", *value)
        .select(column.name for column in table.columns)
        .collect()
    )
    return newest.to_arrow().cast(table_schema(table))
