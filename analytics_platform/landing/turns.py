"""Landing days of reporting turns: each flow's pages of a UTC day, whole, and the tables made from them."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, Operation
from analytics_platform.catalogue.turns import RAW, SURE_DAYS, TABLES, TURNS
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.genesys_cloud.turns import bot_flow_ids, turn_pages
from analytics_platform.lake import Lake
from analytics_platform.landing.answers import AnswersLanding, DayOfAnswers, LandedAnswers, Made, StagedAnswers
from analytics_platform.landing.errors import DayForgotten
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.intervals import Interval
from analytics_platform.tables.drift import counts
from analytics_platform.tables.turns import TurnsOfFlow


@dataclass(frozen=True)
class TurnsLanding:
    """Lands days of the turns of some bot flows, or of all. `source` is the host of the org's API."""

    client: GenesysCloud
    flows: Sequence[str] | Literal["all"]
    routes: Sequence[Operation]
    lake: Lake
    ledger: Ledger
    source: str
    settled_after: timedelta = timedelta(days=3)
    provisional: bool = False
    """Land a day that is past the watermark all the same, marked so."""

    def land_all(self, days: Iterable[date], request: str) -> Generator[StagedAnswers | LandedAnswers]:
        """Stage the days one after another; publish each before the next is asked for.

        `request` names the request this is part of, the same for each of its retries. Days the vendor has forgotten
        are passed over, and told of by DayForgotten once all others have landed. Raises what `AnswersLanding.land_all`
        and the client raise.
        """
        answers = AnswersLanding(self.lake, RAW, TABLES, self.source, self.settled_after)
        watermark = Watermark(DetailsJobs(self.client, CONVERSATION_JOBS))
        ids = bot_flow_ids(self.client) if self.flows == "all" else list(self.flows)
        forgotten: list[date] = []

        def asked(day: date) -> DayOfAnswers:
            old = watermark.of(TURNS.name, day, provisional=True) - _start(day) > timedelta(days=SURE_DAYS)
            return self._asked(day, ids, old=old)

        for day in sorted(days):
            try:
                yield from answers.land_all(
                    [day], request, asked, ledger=self.ledger, watermark=watermark, provisional=self.provisional
                )
            except DayForgotten as fault:
                forgotten += fault.days
        if forgotten:
            raise DayForgotten(TURNS.name, forgotten)

    def _asked(self, day: date, flows: Sequence[str], *, old: bool) -> DayOfAnswers:
        if old and self.lake.manifest(TURNS.name, day) is not None:
            raise DayForgotten(TURNS.name, [day])  # what has landed is more than what is left at the vendor's
        interval = Interval(_start(day), _start(day) + timedelta(days=1))
        counted: Counter[str] = Counter()
        drift: Counter[str] = Counter()
        facts: dict[str, Any] = {"stream": TURNS.name, "interval": str(interval), "bot_flows": counted}
        facts |= {"drift": drift, "set_aside": 0}
        turns: dict[str, TurnsOfFlow] = {}
        asked_about: list[str] = []

        def told() -> Iterator[Answered]:
            for flow in flows:
                turns[flow] = TurnsOfFlow(flow)
                asked_about.append(flow)
                yield from turn_pages(self.client, flow, interval, self.routes)
            if old and not counted.total():
                raise DayForgotten(TURNS.name, [day])

        def make(answer: Answered) -> Made:
            # The flow whose pages are being told.
            page = turns[asked_about[-1]].page(answer.text)
            counted[asked_about[-1]] += page.turns
            drift.update(counts(page.differences))
            facts["set_aside"] += len(page.unreadable)
            return page.rows

        question = {"bot_flows": self.flows if self.flows == "all" else sorted(self.flows)}
        return DayOfAnswers(told(), make, question, facts)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
