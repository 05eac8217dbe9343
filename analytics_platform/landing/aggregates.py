"""Landing days of aggregates: a question asked of each UTC day, its answers and the tidy table made from them."""

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from analytics_platform.genesys_cloud.aggregates import AggregateQueries, AggregateQuestion
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake
from analytics_platform.landing.answers import AnswersLanding, DayOfAnswers, LandedAnswers, Made, StagedAnswers
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.intervals import interval
from analytics_platform.tables.aggregates import aggregate_rows
from analytics_platform.tables.drift import counts


@dataclass(frozen=True)
class AggregatesLanding:
    """Lands days of one family. `source` is the host of the org's API."""

    question: AggregateQuestion
    client: GenesysCloud
    lake: Lake
    ledger: Ledger
    source: str
    settled_after: timedelta = timedelta(days=3)
    provisional: bool = False
    """Land a day that is past the watermark all the same, marked so."""

    def land_all(self, days: Iterable[date], request: str) -> Generator[StagedAnswers | LandedAnswers]:
        """Stage the days one after another; publish each before the next is asked for.

        `request` names the request this is part of, the same for each of its retries. Before anything is asked, raises
        QueryRefused where the question does not keep one of the days apart from the next; then what
        `AnswersLanding.land_all` raises.
        """
        wanted = sorted(days)
        for day in wanted:
            self.question.require_day(day)
        family, queries = self.question.family, AggregateQueries(self.client)
        tidy = family.table(self.question.group_by)
        return AnswersLanding(self.lake, family.raw(), (tidy,), self.source, self.settled_after).land_all(
            wanted,
            request,
            lambda day: self._asked(queries, day),
            ledger=self.ledger,
            watermark=Watermark(DetailsJobs(self.client, family.opened_by)),
            provisional=self.provisional,
        )

    def _asked(self, queries: AggregateQueries, day: date) -> DayOfAnswers:
        wanted = interval(day.isoformat())
        family, group_by = self.question.family, self.question.group_by
        drift: Counter[str] = Counter()
        facts: dict[str, Any] = {"stream": family.stream, "interval": str(wanted), "drift": drift, "set_aside": 0}

        def make(answer: Answered) -> Made:
            tidy = aggregate_rows(family, group_by, answer.text)
            drift.update(counts(tidy.differences))
            facts["set_aside"] += len(tidy.unreadable)
            return {family.stream: tidy.rows}

        return DayOfAnswers(queries.answers(self.question, wanted), make, self.question.told(), facts)
