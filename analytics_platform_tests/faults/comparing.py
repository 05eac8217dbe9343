"""The lake against the world: days are read as a run reads them, and every row is compared with the truth."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.catalogue.tables import conversation_tables
from analytics_platform.landing.details import StagedDay
from analytics_platform_tests.landing.test_truth import landed_rows, row_of
from analytics_platform_tests.landing.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.tables.slow_flattener import slow_statuses, slow_tables

NOW = "2026-03-07T00:00:00Z"
HOMES = tuple(date(2026, 3, 1) + timedelta(days=number) for number in range(10))
"""The home days that are made and compared; those of the weeks before the world's first day take long, and are no
other."""


def read(
    place: Workplace,
    days: Sequence[date],
    request: str = "run",
    stream: Stream = CONVERSATION_DETAILS,
    deadline: float = 20.0,
) -> None:
    """Land days, a few records a page, and make the home days that are stale then; a job has `deadline` seconds."""
    for landed in place.landing(stream, page_size=3, job_deadline=deadline).land_all(days, request):
        if isinstance(landed, StagedDay):
            landed.publish()
    place.build(stream, HOMES)


def differences(org: SimulatedOrg, place: Workplace, days: Sequence[date]) -> dict[str, Any]:
    """By table, rows that the lake lacks and that it has beside the truth, or holds twice; {} where they are equal.

    What faults invented is left out.
    """
    expected = slow_tables(one for one in org.truth_conversations() if _alive(one, days))
    made = {repr(identity) for identity in org.made()}
    found: dict[str, Any] = {}
    for each in conversation_tables():
        truth = Counter(row_of(row, each.name) for row in expected[each.name])
        lake = Counter({row: times for row, times in landed_rows(place, each.name).items() if not made & set(row)})
        if truth != lake:
            found[each.name] = {"lacking": truth - lake, "beside": lake - truth}
    return found


def status_differences(org: SimulatedOrg, place: Workplace, days: Sequence[date]) -> dict[str, Any]:
    """The same of statuses, of which a table has those that began on the days."""
    records = [
        {"userId": told["userId"], told["family"]: [told["status"]]} for told in org.truth_statuses(days[0], days[-1])
    ]
    made = {repr(identity) for identity in org.made()}
    found: dict[str, Any] = {}
    tables = slow_statuses(records)
    for each in USER_DETAILS.tables:
        truth = Counter(row_of(row, each.name) for row in tables[each.name])
        rows = (row for day in days for row in place.lake.read(each.name, day).to_pylist())
        lake = Counter(told for row in rows if not made & set(told := row_of(row, each.name)))
        if truth != lake:
            found[each.name] = {"lacking": truth - lake, "beside": lake - truth}
    return found


def _alive(one: dict[str, Any], days: Sequence[date]) -> bool:
    started, ended = one["conversationStart"], one.get("conversationEnd", "9")
    lived = (started < (day + timedelta(days=1)).isoformat() and ended >= day.isoformat() for day in days)
    return started >= HOMES[0].isoformat() and any(lived)
