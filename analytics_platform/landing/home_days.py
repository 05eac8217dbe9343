"""The typed tables of a home day, made from every raw day that delivered something of it.

A home day's version is told by what it was made from: the activity days that hold records of it, what each delivered,
and in which order they were asked for. A home day whose tables carry another version is stale.
"""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from analytics_platform.catalogue.streams import TypedStream
from analytics_platform.lake import Lake, Manifest, StagedPartition
from analytics_platform.landing.errors import RawMissing
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.moved_homes import sharing_homes
from analytics_platform.landing.states import COMPLETE, PARTIAL, PROVISIONAL

TAKEN_IN = "taken_in"
"""The fact that tells what tables were made of; see `taken_in`."""


@dataclass(frozen=True)
class Contribution:
    """What one activity day delivered of a home day; `digest` is of those records alone, in any order."""

    raw: str
    """The raw table that holds it."""
    activity_day: date
    as_of: datetime
    """When it was asked for; the first of its jobs, where the day was asked for in parts."""
    jobs_as_of: tuple[datetime, ...]
    """When each of its jobs was asked for, in order."""
    digest: str
    records: int
    repeated: bool
    """Whether the same id came more than once in that day's job."""
    state: str
    watermark: str
    job_ids: tuple[str, ...]
    checksum: str
    """Of the raw file, whose rows must stand where they stood when versions were compared."""


@dataclass(frozen=True)
class HomeDay:
    """A home day and all its contributions, oldest asked for first: of two versions the later one holds."""

    day: date
    contributions: tuple[Contribution, ...]
    sharing: "tuple[HomeDay, ...]" = ()
    """Home days under which a newer version of what is delivered here may stand: its start was moved."""

    @property
    def state(self) -> str:
        """How much of the day its tables hold: partial where its own activity day has not landed, which delivers all
        that began on it; other days delivered what of it was still alive then."""
        if any(c.state == PROVISIONAL for c in self.contributions):
            return PROVISIONAL
        return COMPLETE if any(c.activity_day == self.day for c in self.contributions) else PARTIAL

    def version(self, stream: TypedStream) -> str:
        """Tells what the tables are made from, and as how complete it counts; equal where that is equal."""
        made_from = _made_from(stream, self.contributions)
        beside = [[home.day.isoformat(), _made_from(stream, home.contributions)] for home in self.sharing]
        # Lakes hold days that were called complete before there was this word.
        partly = [PARTIAL] if self.state == PARTIAL else []
        told = _begun(stream).copy()
        told.update(f", {json.dumps([made_from, *partly, *beside])[1:]}".encode())
        return told.hexdigest()[:32]

    def facts(self, stream: TypedStream) -> dict[str, object]:
        """What the manifest of each of its tables tells."""
        return {
            "stream": stream.typed,
            "version": self.version(stream),
            "state": self.state,
            TAKEN_IN: taken_in(stream, self.contributions),
            "watermark": max((c.watermark for c in self.contributions), default=None),
            "as_of": max((c.jobs_as_of[-1] for c in self.contributions), default=None),
            "job_ids": sorted({job for c in self.contributions for job in c.job_ids}),
        }


@dataclass
class StagedTables:
    """All typed tables of a home day, ready to be published one after another, the head first."""

    home_day: HomeDay
    quarantine: str
    """The table for records no typed table can hold."""
    tables: Mapping[str, StagedPartition]
    set_aside: StagedPartition | None

    def publish(self, lake: Lake) -> None:
        """Publish all of it, the table that tells the day's version last."""
        self.publish_set_aside(lake)
        for part in self.tables.values():
            part.publish()

    def publish_set_aside(self, lake: Lake) -> None:
        """Publish what was set aside, or remove what a former version had set aside."""
        if self.set_aside is not None:
            self.set_aside.publish()
        else:
            lake.remove(self.quarantine, self.home_day.day)


def home_days(stream: TypedStream, lake: Lake) -> dict[date, HomeDay]:
    """Every home day that the landed raw days tell of, and every landed raw day itself, in order."""
    found: dict[date, list[Contribution]] = {}
    for raw in stream.raws:
        for activity_day, manifest in lake.manifests(raw.name).items():
            delivered = {date.fromisoformat(text): count for text, count in manifest.facts["home_days"].items()}
            # The day itself has a say in how complete its home day is, also when it delivered nothing of it.
            for day, records in {activity_day: 0, **delivered}.items():
                found.setdefault(day, []).append(_contribution(activity_day, manifest, day, records))
    homes = {
        day: HomeDay(day, tuple(sorted(parts, key=lambda part: (part.as_of, part.activity_day, part.raw))))
        for day, parts in sorted(found.items())
    }
    shared = sharing_homes(stream, lake)
    return {
        day: replace(home, sharing=tuple(homes[other] for other in sorted(shared.get(day, ())) if other in homes))
        for day, home in homes.items()
    }


def stale_home_days(stream: TypedStream, lake: Lake, among: Iterable[date] | None = None) -> list[HomeDay]:
    """The home days whose typed tables are missing or were made from something else than what raw holds now."""
    known = home_days(stream, lake)
    wanted = known if among is None else {day: known.get(day, HomeDay(day, ())) for day in sorted(set(among))}
    # Tables are published one after another: where the last one is current, all are.
    last = stream.tables[-1].name
    made = lake.manifests(last, wanted)
    gone = set(lake.days(last)) - set(known) if among is None else set()
    stale = [home for day, home in wanted.items() if not _current(lake, made.get(day), home.version(stream))]
    emptied = [HomeDay(day, ()) for day in sorted(gone)]
    return stale + [home for home in emptied if not _current(lake, lake.manifest(last, home.day), home.version(stream))]


def home_days_of_run(stream: TypedStream, lake: Lake, days: Iterable[date], first_day: date) -> list[HomeDay]:
    """The home days a run over `days` makes: those, and with the first day also the stale ones before it.

    A conversation may have started before the first day that is landed; its home day has no partition of its own.
    Raises RawMissing for a day of which raw knows nothing: empty tables would say that nothing happened.
    """
    wanted = sorted(set(days))
    known = home_days(stream, lake)
    missing = [day for day in wanted if day not in known]
    if missing:
        raise RawMissing(stream.typed, stream.raw.name, missing)
    earlier = [home for home in stale_home_days(stream, lake) if home.day < first_day] if first_day in wanted else []
    return earlier + [known[day] for day in wanted]


@contextlib.contextmanager
def claimed(stream: TypedStream, ledger: Ledger, days: Iterable[date]) -> Iterator[None]:
    """Hold home days of a stream against other runs, oldest first, so that two runs never wait for each other."""
    with contextlib.ExitStack() as held:
        for day in sorted(set(days)):
            held.enter_context(ledger.claim(stream.typed, day))
        yield


def _contribution(activity_day: date, manifest: Manifest, home_day: date, records: int) -> Contribution:
    facts = manifest.facts
    return Contribution(
        raw=manifest.table,
        activity_day=activity_day,
        as_of=datetime.fromisoformat(facts["as_of"]),
        jobs_as_of=tuple(sorted({datetime.fromisoformat(job["as_of"]) for job in facts.get("parts") or [facts]})),
        digest=facts["home_day_digests"].get(home_day.isoformat(), ""),
        records=records,
        repeated=facts["repeated"] > 0,
        state=facts["state"],
        watermark=facts["watermark"],
        job_ids=tuple(facts["job_ids"]),
        checksum=manifest.checksum,
    )


def taken_in(stream: TypedStream, contributions: Iterable[Contribution]) -> dict[str, dict[str, str]]:
    """The digest and the raw file's checksum of each contribution, by its activity day and before it the raw table
    where that is not the stream's own."""
    return {
        " ".join((*_route(stream, c), c.activity_day.isoformat())): {"digest": c.digest, "checksum": c.checksum}
        for c in contributions
    }


def _route(stream: TypedStream, contribution: Contribution) -> tuple[str, ...]:
    """The raw table, where it is not the stream's own."""
    return () if contribution.raw == stream.raw.name else (contribution.raw,)


def _current(lake: Lake, manifest: Manifest | None, version: str) -> bool:
    """Whether tables were made from what raw holds now, and people's data masked as it is to be now."""
    return manifest is not None and manifest.facts.get("version") == version and lake.protection.agrees(manifest)


def _made_from(stream: TypedStream, contributions: Iterable[Contribution]) -> list[tuple[str | bool, ...]]:
    """In the order of asking: a day in parts stands here again where another was asked for between two of them."""
    jobs = [((as_of, c.activity_day, c.raw), c) for c in contributions for as_of in c.jobs_as_of]
    asked = [c for c, _ in itertools.groupby(c for _, c in sorted(jobs, key=lambda job: job[0]))]
    return [(*_route(stream, c), c.activity_day.isoformat(), c.digest, c.state == PROVISIONAL) for c in asked]


@cache
def _begun(stream: TypedStream) -> "hashlib._Hash":
    """What the version of every home day begins with, hashed once: the tables' columns. A release that knows more of
    them, or tells more of what does not fit, makes every home day stale."""
    tables = (*stream.tables, stream.typed_quarantine)
    columns = [[table.name, *(f"{column.name}:{column.type}" for column in table.columns)] for table in tables]
    return hashlib.sha256(json.dumps([columns])[:-1].encode())
