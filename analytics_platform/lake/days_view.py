"""The view `days`: the state of every landed day of every table, from the manifests."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from analytics_platform.lake.manifest import KEY, UNKNOWN, Manifest
from analytics_platform.lake.store import Lake

DAYS = "days"
"""The view's name; no table of the lake is called so."""

_INSTANT = pa.timestamp("us", "UTC")
_INSTANTS = ("watermark", "as_of")
_COLUMNS = pa.schema(
    [
        ("stream", pa.string()),
        ("table_name", pa.string()),
        ("day", pa.date32()),
        ("state", pa.string()),
        ("rows", pa.int64()),
        *((name, _INSTANT) for name in _INSTANTS),
    ]
)


def days_view(pattern: str) -> str:
    """The statement that makes `days` from the manifests in the files that a quoted pattern matches."""
    return (
        f"CREATE VIEW {DAYS} AS "
        "SELECT coalesce(told->>'$.facts.stream', told->>'$.table') AS stream, told->>'$.table' AS table_name, "
        f"CAST(told->>'$.day' AS DATE) AS day, coalesce(told->>'$.facts.state', '{UNKNOWN}') AS state, "
        "CAST(told->>'$.rows' AS BIGINT) AS rows, CAST(told->>'$.facts.watermark' AS TIMESTAMPTZ) AS watermark, "
        "CAST(told->>'$.facts.as_of' AS TIMESTAMPTZ) AS as_of "
        f"FROM (SELECT CAST(decode(value) AS JSON) AS told FROM parquet_kv_metadata('{pattern}') "
        f"WHERE decode(key) = '{KEY.decode()}')"
    )


class LiveDays(ds.InMemoryDataset):  # type: ignore[misc]
    """`days` of a lake without a snapshot: the manifests are read anew for each scan, and not before."""

    def __init__(self, lake: Lake) -> None:
        super().__init__(_COLUMNS.empty_table())
        self._lake = lake

    def scanner(self, *arguments: Any, **options: Any) -> ds.Scanner:
        told = [_told(manifest) for table in self._lake.tables() for manifest in self._lake.manifests(table).values()]
        return ds.InMemoryDataset(pa.Table.from_pylist(told, _COLUMNS)).scanner(*arguments, **options)


def _told(manifest: Manifest) -> dict[str, object]:
    facts = manifest.facts
    instants = {name: facts[name] and datetime.fromisoformat(facts[name]) for name in _INSTANTS if name in facts}
    return {
        "stream": facts.get("stream", manifest.table),
        "table_name": manifest.table,
        "day": manifest.day,
        "state": manifest.state,
        "rows": manifest.rows,
        **instants,
    }
