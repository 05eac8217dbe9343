"""Random services under random ranges: a sequence of daily runs ends with the lake equal to the world.

The services a run reads are held to be those the world told of at that instant, whatever the bounds of a range are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics_platform.gms.answers import IdList
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.service_places import QUICK, ServicePlace, expected
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
EVERYTHING = ("2026-02-20", "2026-03-20")
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Script = dict[str, Any]


@pytest.fixture(scope="module", params=["[)", "[]", "(]", "()"])
def gms_org(request: pytest.FixtureRequest) -> Iterator[SimulatedOrg]:
    assume = [f"gms_bounds={request.param}", f"gms_tasks_within_states={str('(' in request.param).lower()}"]
    with SimulatedOrg(days=1, conversations_per_day=1, assume=[*assume, "gms_duplicates=true"]) as running:
        yield running


@dataclass
class Plan:
    """What happens: services, days by the run that lands them, and how they are landed."""

    services: list[Script]
    runs: list[tuple[list[date], datetime]]
    moves: dict[int, list[tuple[int, datetime]]]
    """By run: the services whose start is moved before it, and to when."""
    deleted: dict[int, list[int]]
    """By run: the services that are deleted after they were listed, before they are read."""
    options: dict[str, Any] = field(default_factory=dict)


class _Racing(Gms):
    """A client beside which services are deleted as soon as their ids were listed."""

    org: SimulatedOrg
    victims: list[Script]

    def ids(self, selection: Selection) -> IdList:
        told = super().ids(selection)
        if self.victims and selection.end > MIDNIGHT - DAY:
            self.org.put_services(*({**victim, "gone_at": self.org.now} for victim in self.victims))
            self.victims = []
        return told


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


EDGES = [MIDNIGHT + day * DAY + timedelta(milliseconds=edge) for day in range(4) for edge in (-1, 0, 1)]


def instants(first: int = -2, last: int = 3) -> st.SearchStrategy[datetime]:
    """Instants of the days around, many of them at an edge of a day."""
    anywhere = st.integers(first * 86_400_000, last * 86_400_000 - 1)
    return st.sampled_from(EDGES) | anywhere.map(lambda at: MIDNIGHT + timedelta(milliseconds=at))


@st.composite
def happening(draw: st.DrawFn, at: datetime, latest: timedelta) -> Script:
    """An event at an instant that may become known up to `latest` after it, with something beside it."""
    late = timedelta(milliseconds=draw(st.just(0) | st.integers(0, int(latest / timedelta(milliseconds=1)))))
    facts = draw(st.sampled_from([{}, {"application_type": 7, "session_id": "s"}, {"größe des x": {"a": [1, None]}}]))
    return {"timestamp": _text(at), "known": _text(at + late), **facts}


@st.composite
def parts(draw: st.DrawFn) -> list[Script]:
    """States or tasks, some of them after their service has ended."""
    found = []
    for start in sorted(draw(st.lists(instants(), max_size=2))):
        end = draw(st.none() | instants())
        told: Script = {"started": _text(start)}
        found.append(told if end is None else told | {"completed": _text(max(start, end))})
    return found


@st.composite
def services(draw: st.DrawFn, number: int, overlap: timedelta) -> Script:
    start, end = draw(instants()), draw(st.none() | instants())
    # A start that becomes known later than ranges overlap is found when its day is read again, which is not done here.
    script: Script = {
        "service_id": f"{number}-0000000{number}-aaaa",
        "started": draw(happening(start, overlap - timedelta(milliseconds=1))),
        "states": draw(parts()),
        "tasks": draw(parts()),
        "extensions": draw(st.sampled_from([{}, {"notes": [{"text": "ä"}]}, {"n": 1.5, "with space": None}])),
    }
    if end is not None:
        script["completed"] = draw(happening(max(start, end), 2 * DAY))
    owner = draw(st.sampled_from(["customer_id", "contact_key"]))
    later = {"known": _text(draw(instants())), "customer_id": "later"}
    return script | {owner: "someone"} | ({"later": [later]} if draw(st.booleans()) else {})


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    overlap, settle = draw(st.integers(1, 90)) * MINUTE, draw(st.integers(0, 5)) * MINUTE
    count = draw(st.integers(1, 6))
    told = [draw(services(number, overlap)) for number in range(count)]
    runs: list[tuple[list[date], datetime]] = []
    for day in DAYS:
        ready = datetime.combine(day + DAY, datetime.min.time(), UTC) + settle + draw(st.integers(0, 20)) * HOUR
        if runs and draw(st.integers(0, 3)) == 0:
            runs[-1] = ([*runs[-1][0], day], ready)
        else:
            runs.append(([day], ready))
    some = st.lists(st.integers(0, count - 1), max_size=2, unique=True)
    moves: dict[int, list[tuple[int, datetime]]] = {
        run: [(number, draw(instants(-1, 1))) for number in draw(some)] for run in range(1, len(runs))
    }
    options = {
        "overlap": overlap,
        "settle": settle,
        "most_ids": draw(st.sampled_from([1, 2, 10_000])),
        "completed_for": 30 * DAY,
    }
    return Plan(told, runs, moves, {run: draw(some) for run in range(len(runs))}, options)


class World:
    """What the lake should hold, told run by run from what the world tells at the instant of each."""

    def __init__(self) -> None:
        self.versions: dict[str, Script] = {}
        self.gone: set[str] = set()
        self.counted = 0

    def after(self, place: ServicePlace, days: list[date], told: list[Script]) -> None:
        alive = {each["service"]["service_id"]: each["service"] for each in told if each["gone_at"] is None}
        for day in days:
            read = place.ids(day)
            self.counted += sum(not found and each not in self.versions for each, (_, found) in read.items())
            for each, (_, found) in read.items():
                if found:
                    self.versions.setdefault(each, alive[each])
        missed = {each for each in alive if _strictly_inside(alive[each], days)} - self.versions.keys()
        assert not missed
        self.gone = self.versions.keys() - alive.keys()
        self.versions |= {each: alive[each] for each in self.versions if each in alive}

    def rows(self) -> Any:
        gone = {each: "2026-03-01T00:00:00Z" for each in self.gone}
        return expected([{"service": told, "gone_at": gone.get(each)} for each, told in self.versions.items()])


def _strictly_inside(service: Script, days: list[date]) -> bool:
    """Whether an event lies within one of the days, so that no bound mode leaves it out."""
    told = (service[event]["timestamp"] for event in ("started", "completed") if event in service)
    return any(datetime.fromisoformat(each).date() in days for each in told)


@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    # Making an example smaller would run it hundreds of times, each a sequence of days.
    phases=[Phase.generate],
)
@given(plan=plans())
def test_daily_runs_end_with_the_lake_equal_to_the_world(gms_org: SimulatedOrg, plan: Plan) -> None:
    gms_org.reset()
    gms_org.put_only_services(*plan.services)
    scripts = {number: script for number, script in enumerate(plan.services)}
    world, counted = World(), 0
    with scratch() as folder, _Racing(gms_org.url, retries=QUICK) as gms:
        place = ServicePlace(gms, folder)
        gms.org = gms_org
        for run, (days, now) in enumerate(plan.runs):
            gms_org.set_now(now)
            for number, start in plan.moves.get(run, []):
                scripts[number] |= {"started": _text(start)}
            gms_org.put_services(*scripts.values())
            for number in plan.deleted[run]:
                scripts[number] |= {"gone_at": _text(now)}
            gms.victims = [scripts[number] for number in plan.deleted[run]]
            landed = place.land(*days, request=f"run {run}", **plan.options)
            counted += sum(manifest.facts["gone_between_list_and_fetch"] for manifest in landed)
            place.build()
            world.after(place, days, gms_org.truth_services(*EVERYTHING))
            assert place.tables() == world.rows()
        # Days read again find what was moved into them since, and change nothing else.
        for day in plan.runs[0][0]:
            (again,) = place.land(day, request="again", **plan.options)
            counted += again.facts["gone_between_list_and_fetch"]
        place.build()
        world.after(place, plan.runs[0][0], gms_org.truth_services(*EVERYTHING))
        assert place.tables() == world.rows()
        assert counted == world.counted
        assert gms_org.requests()["counts"].keys() <= {
            "GET /genesys/1/cs/maintenance/services/stream",
            "GET /genesys/1/cs/services/{serviceId}",
        }
