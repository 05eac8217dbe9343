"""What reporting lists - reports, schedules, their runs, exports, settings - and the table a snapshot of each makes."""

import re
from dataclasses import dataclass

from analytics_platform.catalogue.answers import TAKEN_AT, TICK, raw_answers
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.reporting import (
    EXPORT_LIST,
    EXPORT_METADATA,
    REPORT,
    REPORT_FORMATS,
    REPORTS,
    SCHEDULE_HISTORY,
    SCHEDULES,
    SETTINGS_READ,
    TIME_PERIODS,
)
from analytics_platform.catalogue.tables import Column, Table, own_columns, plain_table, snake_case

_REST = Column("entity", "string", None, "The whole entity as the source sent it, JSON.")


@dataclass(frozen=True, eq=False)
class Listing:
    """One list as a stream of snapshots: `entity` is the model of what it lists, None where that is plain text.

    `each` is the operation whose entities it is asked about one by one, such as the schedules of a history; their ids
    stand in the column named after the parameter of the path.
    """

    operation: Operation
    entity: str | None
    raw: Table
    table: Table
    each: Operation | None = None

    @property
    def stream(self) -> str:
        """The name of the stream and of its table."""
        return self.operation.tables[0]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the org must serve: the list itself, and that of those it is asked about."""
        return (self.operation, self.each) if self.each else (self.operation,)


def _entity_of(operation: Operation) -> str | None:
    """The model of one entity: what a listing lists, or the answer itself."""
    given = str(operation.gives)
    if given.startswith("list["):
        return None
    fields = model(given).fields
    return fields["entities"].type if "entities" in fields else given


def _listing(operation: Operation, key: str, *, each: Operation | None = None) -> Listing:
    stream, entity = operation.tables[0], _entity_of(operation)
    asked = re.findall(r"\{(\w+)\}", operation.path)
    of_each = tuple(Column(snake_case(name), "string", None, "The one it was asked about.") for name in asked)
    told = (Column(snake_case(key), "string", None, operation.summary),) if entity is None else own_columns(entity)
    summary = f"{operation.summary} One row an entity and snapshot."
    return Listing(
        operation=operation,
        entity=entity,
        raw=raw_answers(stream, f"{operation.summary} Each answer whole.", snapshot=True),
        table=plain_table(
            stream,
            (TICK, TAKEN_AT, *of_each, *told, *((_REST,) if entity else ())),
            ("tick", *(column.name for column in of_each), *((snake_case(key),) if key else ())),
            "taken_at",
            summary,
        ),
        each=each,
    )


LISTINGS = (
    _listing(EXPORT_LIST, "id"),
    _listing(EXPORT_METADATA, "viewType"),
    _listing(SETTINGS_READ, ""),
    _listing(REPORTS, "id"),
    _listing(REPORT, "", each=REPORTS),
    _listing(REPORT_FORMATS, "format"),
    _listing(TIME_PERIODS, "timePeriod"),
    _listing(SCHEDULES, "id"),
    _listing(SCHEDULE_HISTORY, "id", each=SCHEDULES),
)
