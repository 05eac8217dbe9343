"""A place snapshots of queues land in, with a made-up org that answers at once and is asked at a given time."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from analytics_platform.catalogue.observations import observation_family
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.snapshots import SnapshotLanding, unfinished
from analytics_platform.landing.spool import Spool
from analytics_platform.landing.ticks import due_tick
from analytics_platform.tables.answers import Tidy
from analytics_platform.tables.observations import observation_rows

QUEUES = observation_family("queues")
DAY = date(2026, 3, 2)
TOMORROW = DAY + timedelta(days=1)
MINUTES = 5
BATCHES = 3
SOURCE = "api.org"
_METRICS = ("oWaiting", "oInteracting")


def at(hour: int = 0, minute: int = 0, second: float = 3, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


LATER = at(1, day=TOMORROW)
"""When the day has ended."""


def due(now: datetime) -> datetime:
    """The tick that is due at `now`."""
    return due_tick(now, MINUTES)


def answer(tick: datetime, batch: int) -> Answered:
    """What the made-up org answers of two queues at a tick: values that tell ticks and batches apart."""
    results = [
        {
            "group": {"queueId": f"queue-{9 - batch}{queue}", "mediaType": "voice"},
            "data": [{"metric": name, "stats": {"count": _count(tick) + batch}} for name in _METRICS],
        }
        for queue in range(2)
    ]
    text = json.dumps({"results": results}).encode()
    return Answered(tick + timedelta(seconds=batch), json.dumps({"batch": batch}), text, f"{tick:%H%M}-{batch}")


def _count(tick: datetime) -> int:
    return 60 * tick.hour + tick.minute


def make(answered: Answered, tick: datetime, taken_at: datetime) -> Tidy:
    return observation_rows(QUEUES, answered.text, tick, taken_at)


@dataclass
class Place:
    """A lake, a ledger and a spool below `folder`. `asked` are the instants of all answers the org gave."""

    folder: Path
    spooled: Callable[[Path, str, str], Spool] = Spool
    asked: list[datetime] = field(default_factory=list)

    @property
    def lake(self) -> Lake:
        return Lake.open(self.folder / "lake")

    @property
    def spool(self) -> Spool:
        return self.spooled(self.folder / "state", SOURCE, QUEUES.stream)

    def landing(
        self, now: datetime, *, source: str = SOURCE, make: Callable[[Answered, datetime, datetime], Tidy] = make
    ) -> SnapshotLanding:
        return SnapshotLanding(
            self.lake,
            Ledger(self.folder / "state"),
            self.spool,
            QUEUES.raw,
            QUEUES.table,
            make,
            source,
            MINUTES,
            clock=lambda: now,
        )

    def run(
        self, now: datetime, day: date | None = None, *, tick: datetime | None = None, gives: int = BATCHES
    ) -> None:
        """What a run for a day does at `now`; asked, the org gives that many answers and fails if they are too few."""
        self.landing(now).land(day or now.date(), tick, lambda: self.answers(now, gives))

    def unfinished(self) -> list[date]:
        """The days that want a run on the day after."""
        return unfinished(self.lake, self.spool, QUEUES.table, TOMORROW)

    def spools(self, now: datetime) -> None:
        """What a run has done that was killed once the org had answered."""
        self.spool.take(due(now), now, lambda: self.answers(now))

    def answers(self, now: datetime, gives: int = BATCHES) -> Iterator[Answered]:
        for batch in range(min(gives, BATCHES)):
            self.asked.append(now)
            yield answer(due(now), batch)
        if gives < BATCHES:
            raise ConnectionError("the org went away")

    def rows(self, day: date = DAY, table: str = QUEUES.table.name) -> pa.Table:
        return self.lake.read(table, day)

    def ticks(self, day: date = DAY) -> list[datetime]:
        """The ticks that landed in order; the rows of each are all there, once, in raw and in the tidy table."""
        rows = self.rows(day)
        ticks = sorted(set(rows["tick"].to_pylist()))
        wanted = pa.concat_tables(
            [rows.schema.empty_table()]
            + [make(answer(tick, batch), tick, tick).rows for tick in ticks for batch in range(BATCHES)]
        )
        order = [("tick", "ascending"), ("queue_id", "ascending"), ("metric", "ascending")]
        without = ["taken_at"]
        assert rows.drop_columns(without).sort_by(order).equals(wanted.drop_columns(without).sort_by(order))
        raw = self.rows(day, QUEUES.raw.name)
        kept = sorted(zip(raw["tick"].to_pylist(), raw["number"].to_pylist(), raw["answer"].to_pylist(), strict=True))
        assert kept == [(tick, n, answer(tick, n).text.decode()) for tick in ticks for n in range(BATCHES)]
        return ticks
