"""Aggregates: a question, held against what the vendor knows, and the queries it takes to answer it.

The vendor publishes no greatest interval of an aggregate query and no greatest answer. A query here covers a day at
most and `MOST_BUCKETS` buckets, so that no answer grows with the interval; one that is refused for its length all the
same is asked in halves. User aggregates take a limited number of user ids a query: the users come from the directory.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.answered import Answered, ask
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed_ids
from analytics_platform.genesys_cloud.filters import require_model
from analytics_platform.source.errors import BadRequest, QueryRefused
from analytics_platform.source.intervals import Interval

MOST_BUCKETS = 96
"""Buckets one query covers: a day by quarters of an hour."""
GRANULARITIES = (
    "PT1M",
    "PT5M",
    "PT10M",
    "PT15M",
    "PT30M",
    "PT1H",
    "PT2H",
    "PT3H",
    "PT4H",
    "PT6H",
    "PT8H",
    "PT12H",
    "P1D",
)
"""Usual lengths of a bucket; any other that divides a day is taken too."""
_PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?(?<![PT])")
_DAY = timedelta(days=1)
_TOO_LONG = re.compile(r"(?=.*\binterval)(?=.*(exceed|more than|too (long|large|many|big)|shorter))", re.I | re.S)
"""How the vendor says that an interval is too long: "... search interval ... that does not exceed 7 days"."""
_USER = "userId"


@dataclass(frozen=True, kw_only=True)
class AggregateQuestion:
    """What a family of aggregates is asked, whatever the interval; made only where the vendor knows every name.

    `granularity` is an ISO 8601 period that divides a day; `filter` is the vendor's `{type, clauses, predicates}`;
    `time_zone` moves the edges of the buckets. Raises UnknownName with the nearest names, and QueryRefused.
    """

    family: AggregateFamily
    granularity: str = "PT30M"
    group_by: tuple[str, ...]
    metrics: tuple[str, ...]
    filter: Mapping[str, Any] | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        family, query = self.family, model(str(self.family.operation.takes))
        require_known(self.group_by, family.dimensions, f"dimension of {family.name} aggregates")
        require_known(self.metrics, family.metrics, f"metric of {family.name} aggregates")
        for names, what in ((self.group_by, "dimension"), (self.metrics, "metric")):
            if len(set(names)) < len(names):
                raise QueryRefused(f"A {what} of {family.name} aggregates is named twice: name each once.")
        if not self.metrics:
            raise QueryRefused(f"No metric of {family.name} aggregates is named: name at least one.")
        if self.filter:
            require_model(self.filter, query.fields["filter"].type, f"the filter of {family.name} aggregates")
        if self.in_batches and _USER not in self.group_by:
            raise QueryRefused(
                f"{family.name.capitalize()} aggregates are asked {family.operation.limits.ids} users at a time, which "
                f"only {_USER} among the dimensions tells apart: group by {_USER}."
            )
        self._refuse_unknown_zone()
        if self.step is None:
            raise QueryRefused(
                f"The granularity {self.granularity!r} is no ISO 8601 period that divides a day: "
                f"take one of {', '.join(GRANULARITIES)}."
            )

    @property
    def in_batches(self) -> bool:
        """Whether a query takes a limited number of user ids."""
        return self.family.operation.limits.ids is not None

    @property
    def step(self) -> timedelta | None:
        """The length of a bucket; None where the granularity divides no day."""
        return _step(self.granularity)

    def told(self) -> Mapping[str, object]:
        """The question as a manifest keeps it: two days of equal text were asked the same."""
        return {
            "granularity": self.granularity,
            "group_by": list(self.group_by),
            "metrics": list(self.metrics),
            "filter": self.filter or None,
            "time_zone": self.time_zone,
        }

    def require_day(self, day: date) -> None:
        """Raise QueryRefused where the buckets do not meet at both ends of a UTC day, as a time zone may have it.

        Buckets are counted from midnight in the zone, whose offset may be another on another day.
        """
        start = datetime.combine(day, datetime.min.time(), UTC)
        assert self.step is not None
        if not self._meets(start, self.step):
            fitting = [name for name in GRANULARITIES if self._meets(start, _step(name) or _DAY)]
            raise QueryRefused(
                f"Buckets of {self.granularity} in {self.time_zone} do not meet at midnight UTC on {day}, so that its "
                f"data cannot be told from other days': take a granularity of {', '.join(fitting)}, or no time zone."
            )

    def bodies(self, interval: Interval, user_ids: Sequence[str] = ()) -> Iterator[tuple[Interval, dict[str, Any]]]:
        """The queries that answer the question for an interval: pieces in the order of time, each with its body.

        `user_ids` are those of all users, where queries take a limited number; those the filter is not for are left
        out, and no one is asked about when none is left.
        """
        batches = list(self._batches(user_ids)) if self.in_batches else [self.filter]
        for piece in self._pieces(interval):
            for chosen in batches:
                yield piece, self.body(piece, chosen)

    def body(self, interval: Interval, chosen: Mapping[str, Any] | None) -> dict[str, Any]:
        """The body of one query."""
        parts = {
            "interval": str(interval),
            "granularity": self.granularity,
            "timeZone": self.time_zone,
            "groupBy": list(self.group_by),
            "filter": chosen,
            "metrics": list(self.metrics),
        }
        return {name: value for name, value in parts.items() if value}

    def halves(self, interval: Interval) -> tuple[Interval, ...]:
        """An interval in two at the edge of a bucket; none where it holds one bucket."""
        assert self.step is not None
        buckets = -((interval.start - interval.end) // self.step)
        middle = interval.start + buckets // 2 * self.step
        return (Interval(interval.start, middle), Interval(middle, interval.end)) if buckets > 1 else ()

    def _pieces(self, interval: Interval) -> Iterator[Interval]:
        assert self.step is not None
        longest = min(_DAY, MOST_BUCKETS * self.step)
        for day in interval.pieces(1):
            start = day.start
            while start < day.end:
                end = min(day.end, start + longest)
                yield Interval(start, end)
                start = end

    def _batches(self, user_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        ids = sorted({user for user in user_ids if _holds(self.filter, user)})
        most = self.family.operation.limits.ids or len(ids)
        for first in range(0, len(ids), most):
            matches = {"type": "dimension", "dimension": _USER, "operator": "matches"}
            yield {"type": "or", "predicates": [{**matches, "value": user} for user in ids[first : first + most]]}

    def _meets(self, start: datetime, step: timedelta) -> bool:
        """Whether buckets of `step` begin at `start`, a midnight UTC, and end at the next."""
        zone: tzinfo = ZoneInfo(self.time_zone) if self.time_zone else UTC
        offsets = [edge.astimezone(zone).utcoffset() for edge in (start, start + _DAY)]
        return not any(offset % step for offset in offsets if offset is not None)

    def _refuse_unknown_zone(self) -> None:
        if self.time_zone is not None:
            require_known([self.time_zone], sorted(available_timezones()), "time zone")


class AggregateQueries:
    """Asks questions of one org, a query at a time. The org's users are listed once, when they are first needed."""

    def __init__(self, client: GenesysCloud) -> None:
        self._client = client

    def answers(self, question: AggregateQuestion, interval: Interval) -> Iterator[Answered]:
        """The answers that together hold the interval, in the order of time; each is asked for when it is needed.

        Raises the client's errors.
        """
        users = self._user_ids if question.in_batches else []
        for piece, body in question.bodies(interval, users):
            yield from self._asked(question, piece, body)

    def _asked(self, question: AggregateQuestion, piece: Interval, body: dict[str, Any]) -> Iterator[Answered]:
        try:
            answer = ask(self._client, question.family.operation, body=body)
        except BadRequest as fault:
            halves = question.halves(piece) if _TOO_LONG.search(fault.message or "") else ()
            if not halves:
                raise
        else:
            yield answer
            return
        for half in halves:
            yield from self._asked(question, half, {**body, "interval": str(half)})

    @cached_property
    def _user_ids(self) -> list[str]:
        return listed_ids(self._client, USER_LIST)


def _step(granularity: str) -> timedelta | None:
    """The length of an ISO 8601 period; None for one that divides no day."""
    match = _PERIOD.fullmatch(granularity)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return step if step and not _DAY % step else None


def _holds(chosen: Mapping[str, Any] | None, user: str) -> bool:
    """Whether a filter over users is for this one. All it can name is userId, so that it needs no asking: sent beside
    a batch of ids it would only take from the number of ids a query may name."""
    if not chosen:
        return True
    held = [_holds(clause, user) for clause in chosen.get("clauses") or ()]
    for predicate in chosen.get("predicates") or ():
        operator = predicate.get("operator") or "matches"
        held.append(predicate.get("value") == user if operator == "matches" else operator == "exists")
    return not held or (any(held) if chosen.get("type") == "or" else all(held))
