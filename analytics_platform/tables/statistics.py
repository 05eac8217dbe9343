"""What aggregates and observations share: groups of an answer, and the statistics of a metric as columns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.aggregates import STATISTICS
from analytics_platform.catalogue.models import model
from analytics_platform.tables.answers import envelope
from analytics_platform.tables.drift import Drift, drift
from analytics_platform.tables.records import Unreadable, read_records
from analytics_platform.tables.schemas import record_schema


@dataclass(frozen=True)
class Groups:
    """The groups of one answer: `table` has a row each, its columns `group` (a map) and `data` (a list of objects).

    `presences` tells of each organization presence which system presence it is. A statistic that is none is null, and a
    group whose rows cannot be told apart is among `unreadable`; `differences` is what the catalogue does not know.
    """

    table: pa.Table
    presences: Mapping[str, str]
    unreadable: Sequence[Unreadable]
    differences: Counter[Drift]

    def named(self, dimension: str, rows: pa.Array) -> pa.Array:
        """What the groups at `rows` say of a dimension, such as `queueId`; null where they are not told apart by it."""
        return pc.map_lookup(self.table["group"].combine_chunks(), dimension, "first").take(rows)

    def system_presences(self, qualifiers: pa.Array) -> pa.Array:
        """The system presence of each qualifier that is an organization presence, null for any other."""
        known = pa.array(self.presences, pa.string())
        return pa.array(self.presences.values(), pa.string()).take(pc.index_in(qualifiers, known))


_KEYS = (
    "group",
    *("data.interval", "data.metrics.metric", "data.metrics.qualifier", "data.views.name"),
    *("data.metric", "data.qualifier"),
)
"""What tells rows of aggregates and of observations apart: a group without it makes none."""


class _Answer(msgspec.Struct, rename="camel"):
    results: list[msgspec.Raw] | None = None
    system_to_organization_mappings: dict[str, list[str]] | None = None


def groups_of(answer: bytes, response: str) -> Groups:
    """The groups of an answer that is of the model `response`; UnreadableAnswer when it is nothing of the kind."""
    told = envelope(answer, _Answer)
    results, mappings = told.results or [], told.system_to_organization_mappings or {}
    container = model(response).fields["results"].type
    texts = pa.array([str(result, "utf-8") for result in results], pa.string())
    read = read_records(texts, record_schema(container), _KEYS)
    presences: dict[str, str] = {}
    for system, organization in mappings.items():
        for presence in organization:
            presences.setdefault(presence, system)
    return Groups(read.table, presences, read.unreadable, drift(container, results))


def statistics_columns(stats: pa.StructArray) -> dict[str, pa.Array]:
    """A column for each statistic, by the column's name; all null where there are no statistics."""
    return {column.name: pc.struct_field(stats, str(column.source)) for column in STATISTICS}


def listed(lists: pa.ListArray) -> tuple[pa.Array, pa.StructArray]:
    """The objects of all lists one after the other, and for each of them the row of its list."""
    return pc.list_parent_indices(lists), pc.list_flatten(lists)
