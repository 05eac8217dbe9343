"""What the vendor sends that the catalogue does not know, gathered by its place from the manifests of many days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.listings import LISTINGS
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.catalogue.turns import TURNS
from analytics_platform.lake import Lake, Manifest
from analytics_platform.tables.drift import Drift

WATCHED = (
    *(each.raw.name for each in STREAMS),
    *(each.stream for each in AGGREGATES),
    TURNS.name,
    *(each.stream for each in OBSERVATIONS),
    *(each.stream for each in LISTINGS),
)
"""The tables whose manifests tell of differences; services have no schema that anything could differ from."""


SCHEMA = pa.schema(
    [
        ("stream", pa.string()),
        ("path", pa.string()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("days", pa.int64()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
        ("seen", pa.int64()),
        ("share", pa.float64()),
    ]
)
"""The columns of differences as a table."""


@dataclass(frozen=True)
class Difference:
    """One kind of difference at one place, as it was seen on some days; `value` is the kind of value, never a value.

    `seen` counts how often among what was looked at, of which `share` tells what part of the stream's records that is
    on all its days; None where days were landed by a release that did not count it.
    """

    stream: str
    path: str
    kind: str
    value: str
    days: int
    first_day: date
    last_day: date
    seen: int
    share: float | None


_UNCOUNTED = "nobody knows how many records"


@dataclass(frozen=True)
class Looked:
    """How much of a stream was looked at: records, None where all of them were."""

    stream: str
    days: int
    looked_at: int | None
    records: int | None

    @property
    def share(self) -> float | None:
        """What part of the records that is; None where nothing was counted."""
        if self.looked_at is None or self.records is None:
            return 1.0
        return self.looked_at / self.records if self.records else None

    def __str__(self) -> str:
        if self.looked_at is None:
            what = "all"
        else:
            what = f"{self.looked_at:,} of {self.records:,} records" if self.records else _UNCOUNTED
        return f"{self.stream}: {what} looked at, on {self.days} {'day' if self.days == 1 else 'days'}"


def drift_report(lake: Lake, first: date | None, last: date | None) -> tuple[list[Difference], list[Looked]]:
    """The differences of all streams from `first` to `last`, all days where None, and what was looked at."""
    differences: list[Difference] = []
    looked: list[Looked] = []
    for table in WATCHED:
        days = [day for day in lake.days(table) if (first or day) <= day <= (last or day)]
        if manifests := list(lake.manifests(table, days).values()):
            looked.append(looked_at(table, manifests))
            differences += gathered(table, manifests)
    return differences, looked


def looked_at(stream: str, manifests: Iterable[Manifest]) -> Looked:
    """How much of these days of a stream was looked at."""
    days = list(manifests)
    if not any("records" in each.facts for each in days):
        return Looked(stream, len(days), None, None)
    counted = [each.facts for each in days if "looked_at" in each.facts]
    return Looked(stream, len(days), *(sum(facts[name] for facts in counted) for name in ("looked_at", "records")))


def gathered(stream: str, manifests: Iterable[Manifest]) -> Iterator[Difference]:
    """The differences of these days of a stream, most often seen first."""
    days = list(manifests)
    share = looked_at(stream, days).share
    found: dict[Drift, dict[date, int]] = {}
    for manifest in days:
        for text, count in manifest.facts["drift"].items():
            found.setdefault(Drift.of(text), {})[manifest.day] = count
    for place, seen in sorted(found.items(), key=lambda each: (-sum(each[1].values()), each[0])):
        kind = str(place.kind)
        total = sum(seen.values())
        yield Difference(stream, place.path, kind, place.value, len(seen), min(seen), max(seen), total, share)
