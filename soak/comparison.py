"""The lake against the truth, row by row."""

from dataclasses import dataclass
from datetime import date, timedelta

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import conversation_tables, status_tables
from analytics_platform.lake import Lake, LakeError
from analytics_platform_tests.defs.expected import Key, Row, expected_conversations, expected_statuses, rows_of
from analytics_platform_tests.simulated_org import SimulatedOrg


@dataclass(frozen=True)
class Left:
    """Ids that the lake is not to be compared by: `made` up by faults, so that no truth knows them, and `gone`, which a
    person let the lake forget, and the vendor erased, and which stand nowhere any more."""

    made: frozenset[str]
    forgotten: frozenset[str]
    erased: frozenset[str]


def differences(lake: Lake, org: SimulatedOrg, first: date, last: date, left: Left) -> list[str]:
    """A line for each table that does not hold exactly what the truth tells of the home days from `first` to `last`,
    and for each raw day that holds what is gone."""
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    told = [each for each in org.truth_conversations(first, last) if each["conversationId"] not in left.forgotten]
    wanted = {**expected_conversations(told), **expected_statuses(org.truth_statuses(first, last))}
    found: list[str] = []
    for table in (*conversation_tables(), *status_tables()):
        try:
            rows = {key: row for key, row in rows_of(lake, table, days).items() if key[0] not in left.made}
        except (AssertionError, LakeError) as fault:
            found.append(f"{table.name}: {type(fault).__name__}: {fault}")
            continue
        if told_apart := _difference(rows, wanted[table.name]):
            found.append(f"{table.name}: {told_apart}")
    return found + _still_there(lake, left.forgotten | left.erased)


def _still_there(lake: Lake, gone: frozenset[str]) -> list[str]:
    """Raw days and typed tables, of whatever day, that hold an id that is gone."""
    found = []
    for table in (CONVERSATION_DETAILS.raw, *conversation_tables()):
        for day in lake.days(table.name) if gone else []:
            ids = set(lake.read(table.name, day, ["conversation_id"])["conversation_id"].to_pylist())
            if ids & gone:
                found.append(f"{table.name} of {day} still holds {sorted(ids & gone)[:3]}")
    return found


def _difference(found: dict[Key, Row], wanted: dict[Key, Row]) -> str:
    lost, foreign = sorted(wanted.keys() - found.keys(), key=str), sorted(found.keys() - wanted.keys(), key=str)
    stale = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
    if not lost and not foreign and not stale:
        return ""
    told = f"{len(lost)} lost {lost[:2]}, {len(foreign)} too many {foreign[:2]}, {len(stale)} stale"
    for key in stale[:1]:
        columns = [name for name in wanted[key] if wanted[key][name] != found[key][name]]
        told += f" {key}: {[(name, found[key][name], wanted[key][name]) for name in columns[:3]]}"
    return told
