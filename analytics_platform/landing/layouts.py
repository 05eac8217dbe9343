"""How each table of the catalogue is written: its encodings, by what its columns hold."""

from functools import cache

from analytics_platform.catalogue.tables import Table
from analytics_platform.lake.layout import Layout

_UNIQUE = {
    "conversations": ("conversation_id",),
    "participants": ("participant_id",),
    "sessions": ("participant_id", "protocol_call_id"),
}
_HARDLY_REPEATED = ("session_id",)
"""In all typed tables: rows of one session stand side by side; metrics, which stand by name, are few of one session."""
_READ_WHOLE = {
    "conversations": ("conversation_id",),
    "participants": ("conversation_id", "external_contact_id"),
    "sessions": ("conversation_id",),
}
"""A conversation's or a customer's id is looked for in all days of these."""
_KEPT_WHOLE = ("record", "answer")
_LOOKED_UP = ("conversation_id", "user_id", "external_contact_id", "ani")
_GROUPED_BY = {"session_metrics": "name"}
"""Questions are asked of a few metrics, of some fifty."""
_GROUPED_ROWS = 13_000
"""A quarter of the metrics in 24 MB of JSON: smaller row groups make no question cheaper, and each repeats its ids."""
_OF_FEW_VALUES = {"session_metrics": ("name", "media_type", "direction", "purpose")}
"""Pages of small row groups that are nothing but codes of a few bits."""
_WHOLE = ("int64", "instant", "date")
_NUMBERS = (*_WHOLE, "float64", "bool")


@cache
def layout(table: Table) -> Layout:
    """Whole numbers and instants as deltas, strings that repeat in dictionaries, bloom filters on what is looked up.

    What is (nearly) unique takes no dictionary, as a raw table's records and ids: it would be as large as all values,
    and readers inflate one also where they want none of its rows. Texts and a key's numbers, which count up, are
    compressed; of other numbers their encoding leaves next to nothing to gain, and a compressor costs by the page.
    """
    raw = any(column.name in _KEPT_WHOLE for column in table.columns)
    typed = (*_UNIQUE.get(table.name, ()), *_HARDLY_REPEATED)
    unique = (*_KEPT_WHOLE, "conversation_id", "user_id", "correlation_id") if raw else typed
    return Layout(
        instant=table.instant,
        dictionary=tuple(
            column.name for column in table.columns if column.type not in _NUMBERS and column.name not in unique
        ),
        delta=tuple(column.name for column in table.columns if column.type in _WHOLE),
        bloom=tuple(column.name for column in table.columns if column.name in _LOOKED_UP),
        uncompressed=(
            *_READ_WHOLE.get(table.name, ()),
            *_OF_FEW_VALUES.get(table.name, ()),
            *(column.name for column in table.columns if column.type in _NUMBERS and column.name not in table.key),
        ),
        grouped_by=_GROUPED_BY.get(table.name),
        grouped_rows=_GROUPED_ROWS,
        row_group_bytes=16 << 20 if raw else 256 << 20,
    )
