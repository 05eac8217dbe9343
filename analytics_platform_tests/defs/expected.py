"""The typed tables as they should be, made from what the truth tells, by plain Python loops over the catalogue.

This is another way to the same tables than the platform's: record by record and value by value.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from analytics_platform.catalogue.tables import Table, conversation_tables, status_tables
from analytics_platform.lake import Lake
from analytics_platform_tests.simulated_org import SimulatedOrg

Row = dict[str, Any]
Key = tuple[Any, ...]
PROVENANCE = ("activity_day", "as_of")
"""Columns that tell of a delivery; the truth knows of none."""
FAMILIES = {"primaryPresence": "user_primary_presence", "routingStatus": "user_routing_status"}


def expected_conversations(records: list[dict[str, Any]]) -> dict[str, dict[Key, Row]]:
    """All typed tables of these conversations: by table, by key."""
    made: dict[str, dict[Key, Row]] = {}
    for table in conversation_tables():
        rows = [row for record in records for row in _rows(table, record)]
        made[table.name] = {tuple(row[name] for name in table.key): row for row in rows}
        assert len(made[table.name]) == len(rows), f"the truth itself repeats keys of {table.name}"
    return made


def expected_statuses(told: list[dict[str, Any]]) -> dict[str, dict[Key, Row]]:
    """Both status tables: by table, by key."""
    made: dict[str, dict[Key, Row]] = {table.name: {} for table in status_tables()}
    tables = {table.name: table for table in status_tables()}
    for line in told:
        table = tables[FAMILIES[line["family"]]]
        row = {"user_id": line["userId"], **_own(table, line["status"])}
        key = tuple(row[name] for name in table.key)
        assert key not in made[table.name], f"the truth itself repeats keys of {table.name}"
        made[table.name][key] = row
    return made


def rows_of(lake: Lake, table: Table, days: list[date]) -> dict[Key, Row]:
    """The rows of a typed table by key, without provenance; a key that stands twice is a fault."""
    rows = [row for day in days for row in lake.read(table.name, day).drop_columns(_provenance(table)).to_pylist()]
    by_key = {tuple(row[name] for name in table.key): row for row in rows}
    assert len(by_key) == len(rows), f"{table.name} holds a key twice"
    return by_key


def assert_same(found: dict[Key, Row], wanted: dict[Key, Row], name: str) -> None:
    """Equal tables; otherwise what is lost, what is too many, and the first row that differs."""
    lost, foreign = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    assert not lost and not foreign, f"{name}: {len(lost)} lost, {len(foreign)} too many, {list(lost or foreign)[:3]}"
    for key, row in wanted.items():
        assert found[key] == row, f"{name} {key}"


def assert_lake_is_truth(lake: Lake, org: SimulatedOrg, days: list[date]) -> None:
    """Every typed table of these home days holds what the org's truth tells now, and nothing else."""
    conversations = expected_conversations(org.truth_conversations(days[0], days[-1]))
    statuses = expected_statuses(org.truth_statuses(days[0], days[-1]))
    for table in conversation_tables():
        assert_same(rows_of(lake, table, days), conversations[table.name], table.name)
    for table in status_tables():
        assert_same(rows_of(lake, table, days), statuses[table.name], table.name)


def _provenance(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name in PROVENANCE]


def _rows(table: Table, record: dict[str, Any]) -> Iterator[Row]:
    """Rows of one table of one record: every way down the path, ordinals and ids picked up on the way."""
    start = {"conversation_id": record["conversationId"]}
    for node, above, ancestors in _walk(record, table.path, start, []):
        row = {column.name: above.get(column.name) for column in table.inherited}
        row |= _own(table, node)
        if table.name == "session_metrics":
            row |= _context(ancestors)
        yield row


def _walk(
    node: dict[str, Any], path: tuple[str, ...], above: Row, ancestors: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], Row, list[dict[str, Any]]]]:
    if not path:
        yield node, above, ancestors
        return
    name, child = path[0], node.get(path[0])
    if child is None:
        return
    if name == "flow":
        children: list[tuple[Row, dict[str, Any]]] = [({}, child)]
    elif name == "attributes":
        entries = [{"key": key, "value": value} for key, value in child.items()]
        children = [({"attribute_index": place}, entry) for place, entry in enumerate(entries)]
    else:
        children = [({_ORDINALS[name]: place}, entry) for place, entry in enumerate(child)]
    for ordinal, entry in children:
        ids = {column: entry.get(field) for field, column in _IDS.items() if field in entry}
        yield from _walk(entry, path[1:], {**above, **ordinal, **ids}, [*ancestors, node])


_ORDINALS = {table.path[-1]: table.ordinal for table in conversation_tables() if table.ordinal}
_IDS = {"participantId": "participant_id", "sessionId": "session_id"}


def _own(table: Table, node: Mapping[str, Any]) -> Row:
    return {
        column.name: _value(column.type, node.get(column.source)) for column in table.own if column.source is not None
    }


def _context(ancestors: list[dict[str, Any]]) -> Row:
    """What a metric carries of its session and participant; the queue is the last one a segment names."""
    _, participant, session = ancestors
    queues = [segment["queueId"] for segment in session.get("segments", ()) if segment.get("queueId") is not None]
    return {
        "queue_id": queues[-1] if queues else None,
        "user_id": participant.get("userId"),
        "purpose": participant.get("purpose"),
        "media_type": session.get("mediaType"),
        "direction": session.get("direction"),
    }


def _value(kind: str, told: Any) -> Any:
    if told is None:
        return None
    if kind.startswith("list<"):
        return [_value(kind[5:-1], item) for item in told]
    if kind == "instant":
        return datetime.fromisoformat(told).astimezone(UTC)
    if kind == "date":
        return date.fromisoformat(told)
    return float(told) if kind == "float64" else told
