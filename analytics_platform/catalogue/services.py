"""Context Services on Genesys Mobile Services: the routes, what an export selects, and the tables services become.

Source: the vendor's Developer's Guide and API reference of Context Services 8.5. What they leave open - the bounds of a
range, the layout of files - is not told here; whoever needs an answer assumes one and says so.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cache

from analytics_platform.catalogue.operations.operation import Lands, Operation, Parameter
from analytics_platform.catalogue.streams import TypedStream
from analytics_platform.catalogue.tables import Column, Table, plain_table

_BASE = "/genesys/1/cs"
_READERS = ("Administrator", "Supervisor")
"""Roles that may read; only administrators may post (Developer's Guide, role-based access control)."""


class Events(StrEnum):
    """Which of a service's own events in the range select it."""

    ANY = "any"
    STARTED = "started"
    COMPLETED = "completed"


class State(StrEnum):
    """What a service must be at the instant of the query, whatever the range."""

    ANY = "any"
    ACTIVE = "active"
    INACTIVE = "inactive"


_SELECTION = (
    Parameter("time_from"),
    Parameter("time_to"),
    Parameter("filter_events", "any", tuple(Events)),
    Parameter("filter_state", "any", tuple(State)),
)
SERVICE_STREAM = Operation(
    "services.stream",
    "GET",
    f"{_BASE}/maintenance/services/stream",
    _READERS,
    parameters=(*_SELECTION, Parameter("export_content", "false", ("true", "false"))),
    lands=Lands.DAY,
    tables=("service_ids",),
    summary="The ids of the services that were started or completed in a range, or the services themselves.",
)
SERVICE_FILES = Operation(
    "services.files",
    "POST",
    f"{_BASE}/maintenance/services/files",
    _READERS[:1],
    parameters=_SELECTION,
    lands=Lands.DAY,
    tables=("service_files", "service_file_records"),
    summary="Services of a range written to files on the server, one a type of data.",
)
SERVICE_READ = Operation(
    "services.read",
    "GET",
    f"{_BASE}/services/{{serviceId}}",
    _READERS,
    parameters=(
        *(
            Parameter(name, "false", ("true", "false"))
            for name in ("active_states", "completed_states", "active_tasks", "completed_tasks")
        ),
        Parameter("extensions"),
    ),
    lands=Lands.DAY,
    tables=("service_records",),
    summary="One service; states, tasks and extensions only where they are asked for.",
)
GMS_OPERATIONS = (SERVICE_STREAM, SERVICE_FILES, SERVICE_READ)

EVENT_FIELDS: dict[str, str] = {
    "session_id": "string",
    "interaction_id": "string",
    "application_type": "string",
    "application_id": "string",
    "resource_type": "string",
    "resource_id": "string",
    "media_type": "string",
}
"""What a start and an end event share beside their timestamp; what the vendor types `long or string` is a string."""
START_FIELDS = EVENT_FIELDS | {"ttl": "int64", "expiration_time": "instant", "auto_complete_after": "int64"}
END_FIELDS = EVENT_FIELDS | {"disposition": "string", "disposition_desc": "string"}

_SERVICE_ID = Column("service_id", "string", "service_id", "The service; an opaque text, never a number.")
_STARTED_AT = Column("started_at", "instant", "started.timestamp", "When it started, by the caller's clock, UTC.")
_COMPLETED_AT = Column(
    "completed_at", "instant", "completed.timestamp", "When it was completed, UTC; null while it is active."
)
_EST_DURATION = Column("est_duration", "int64", "est_duration", "The duration expected when it started, in seconds.")
_OPEN = Column("active", "bool", None, "Whether it had no end event when it was read.")
_PROVENANCE = (
    Column("activity_day", "date", None, "The activity day whose delivery this version was taken from."),
    Column("as_of", "instant", None, "When the version was read, UTC."),
)


def _events() -> Iterator[Column]:
    for event, fields in (("started", START_FIELDS), ("completed", END_FIELDS)):
        for name, kind in fields.items():
            yield Column(f"{event}_{name}", kind, f"{event}.{name}", f"The {event} event's {name}.")


@cache
def service_tables() -> tuple[Table, ...]:
    """services, service_states, service_tasks and service_extensions, the head first."""
    life = (_STARTED_AT, _COMPLETED_AT, _OPEN, _EST_DURATION)
    services, *beside = (
        plain_table(
            "services",
            (
                _SERVICE_ID,
                Column("service_type", "string", "service_type", "The kind of commitment."),
                Column("customer_id", "string", "customer_id", "The customer; null for an anonymous service."),
                Column("contact_key", "string", "contact_key", "What an anonymous service is known by."),
                *life,
                *_events(),
                Column("gone_at", "instant", None, "When it was found deleted, purged or expired; its history stays."),
                *_PROVENANCE,
            ),
            ("service_id",),
            "started_at",
            "One row a service, in its newest version.",
        ),
        plain_table(
            "service_states",
            (
                _SERVICE_ID,
                Column("state_index", "int64", None, "Position among the service's states by their ids, from 0."),
                Column("state_id", "int64", "state_id", "The state within its service."),
                Column("state_type", "string", "state_type", "What the service was waiting for or doing."),
                Column("previous_state_id", "int64", "previous_state_id", "The state before it."),
                *life,
                *_events(),
            ),
            ("service_id", "state_index"),
            "started_at",
            "The states of a service.",
        ),
        plain_table(
            "service_tasks",
            (
                _SERVICE_ID,
                Column("task_index", "int64", None, "Position among the service's tasks by their ids, from 0."),
                Column("task_id", "int64", "task_id", "The task within its service."),
                Column("task_type", "string", "task_type", "What was to be done."),
                Column("state_id", "int64", "state_id", "The state it belongs to, where it belongs to one."),
                *life,
                *_events(),
            ),
            ("service_id", "task_index"),
            "started_at",
            "The tasks of a service.",
        ),
        plain_table(
            "service_extensions",
            (
                _SERVICE_ID,
                Column(
                    "extension_index",
                    "int64",
                    None,
                    "Position among the service's extensions by owner and name, from 0.",
                ),
                Column(
                    "owner", "string", None, "What carries it: service, started, completed, state 3, task 5.started."
                ),
                Column("name", "string", None, "Its key, as sent."),
                Column("value", "string", None, "Its value as JSON."),
            ),
            ("service_id", "extension_index"),
            None,
            "Everything a service carries beside the vendor's own fields; extensions have no schema.",
        ),
    )
    return (services, *(replace(table, parent=services) for table in beside))


_HOME_DAY = Column("home_day", "date", None, "The UTC day of its start: the one day it belongs to for good.")
_GONE_AT = Column(
    "gone_at", "instant", None, "When it was found deleted, purged or expired; the record is the last one known."
)
_AS_OF = Column("as_of", "instant", None, "When it was read, UTC.")
_RECORD = Column("record", "string", None, "The service as the source sent it, JSON.")
_REASON = Column("reason", "string", None, "Why it was set aside.")
_POSITION = Column("position", "int64", None, "Its place among the records of the day, from 0.")


def _records(name: str, description: str) -> Table:
    columns = (_SERVICE_ID, _HOME_DAY, _STARTED_AT, _COMPLETED_AT, _GONE_AT, _RECORD, _POSITION, _AS_OF)
    return plain_table(name, columns, ("position",), "started_at", description)


def _set_aside(name: str, description: str) -> Table:
    return plain_table(name, (_REASON, _SERVICE_ID, _RECORD, _POSITION, _AS_OF), ("position",), None, description)


SERVICE_IDS = plain_table(
    "service_ids",
    (
        _SERVICE_ID,
        _POSITION,
        Column("refreshed", "bool", None, "Whether it was not listed for the day but known open, and read again."),
        Column("found", "bool", None, "Whether it was still there when it was read."),
    ),
    ("service_id",),
    None,
    "The services that were started or completed on a UTC day, and those known open that were read again with them.",
)
SERVICE_FILES_TABLE = plain_table(
    "service_files",
    (
        Column("file", "string", None, "The file's name, without its folder."),
        Column("kind", "string", None, "services, states or tasks."),
        Column("format", "string", None, "csv or json."),
        Column("bytes", "int64", None, "Its size."),
        Column("sha256", "string", None, "Its SHA-256, hexadecimal digits."),
        Column("rows", "int64", None, "Its rows, or objects."),
    ),
    ("file",),
    None,
    "The files the server wrote for a UTC day, each kept as it came beside this table.",
)
SERVICE_FILES_QUARANTINE = _set_aside(
    "service_file_records_quarantine", "Services of exported files without a usable start, set aside."
)
SERVICES = TypedStream(
    name="services",
    raw=_records("service_records", "Services as read one by one, each kept whole."),
    typed="services",
    tables=service_tables(),
    typed_quarantine=_set_aside(
        "services_quarantine", "Services with a value the typed tables cannot hold, set aside whole with the reason."
    ),
    description="Services of Context Services, listed by day and read one by one, or exported to files.",
    quarantine=_set_aside("service_records_quarantine", "Services without a usable id or start, set aside."),
    raw_by_another_route=(
        _records("service_file_records", "Services put together from exported files, each as if read by its id."),
    ),
)
