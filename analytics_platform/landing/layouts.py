"""How each table of the catalogue is written: its encodings, by what its columns hold."""

from functools import cache

from analytics_platform.catalogue.tables import Table
from analytics_platform.lake.layout import Layout

_UNIQUE = {
    "conversations": ("conversation_id",),
    "participants": ("participant_id",),
    "sessions": ("session_id",),
}
_KEPT_WHOLE = ("record", "answer")
_LOOKED_UP = ("conversation_id", "user_id", "external_contact_id", "ani")
_GROUPED_BY = {"session_metrics": "name"}
"""Questions are asked of a few metrics, of some fifty."""
_GROUPED_ROWS = 13_000
"""A quarter of the metrics in 24 MB of JSON: smaller row groups make no question cheaper, and each repeats its ids."""


@cache
def layout(table: Table) -> Layout:
    """Whole numbers and instants as deltas, strings that repeat in dictionaries, bloom filters on what is looked up.

    A raw table's records and ids are unique: they take no dictionary.
    """
    raw = any(column.name in _KEPT_WHOLE for column in table.columns)
    unique = (*_KEPT_WHOLE, "conversation_id", "user_id", "correlation_id") if raw else _UNIQUE.get(table.name, ())
    plain = [column for column in table.columns if column.type in ("int64", "instant", "date")]
    return Layout(
        instant=table.instant,
        dictionary=tuple(
            column.name
            for column in table.columns
            if column not in plain and column.name not in unique and column.type not in ("float64", "bool")
        ),
        delta=tuple(column.name for column in plain),
        bloom=tuple(column.name for column in table.columns if column.name in _LOOKED_UP),
        grouped_by=_GROUPED_BY.get(table.name),
        grouped_rows=_GROUPED_ROWS,
        row_group_bytes=16 << 20 if raw else 256 << 20,
    )
