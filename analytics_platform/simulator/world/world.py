"""The world: a contact centre in which the same things happen whenever the same options are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import chain
from uuid import UUID

from analytics_platform.simulator.world.agents import Timeline, shift, timelines
from analytics_platform.simulator.world.conversation import Conversation
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, HOUR, day_start
from analytics_platform.simulator.world.judgements import judge
from analytics_platform.simulator.world.organisation import Agent, Organisation, found_organisation
from analytics_platform.simulator.world.outline import LONG_KINDS, SHORT, Outline, day_outlines, older_outlines
from analytics_platform.simulator.world.rarities import rarities
from analytics_platform.simulator.world.rewriting import rewrite
from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.book import STORIES

_DAYS_KEPT = 8
"""Days whose outlines are held at once."""
_DAYS_INDEXED = 400
"""Days for which it is held which conversations started on them, a small number each."""


@dataclass(frozen=True)
class WorldOptions:
    """What makes a world. Conversations start on `days` UTC days from `start_day` on, and some before it live on."""

    seed: int
    start_day: date
    days: int
    conversations_per_day: int
    agents: int
    late_changes: bool = True
    """Whether evaluations, surveys, resolutions and corrections come days after a conversation's end, as they do."""


class World:
    """What happened, by day. Outlines are drawn when first asked for; a conversation is told anew at each asking."""

    def __init__(self, options: WorldOptions) -> None:
        self.options = options
        self.first_day = day_start(options.start_day) // DAY
        self.organisation: Organisation = found_organisation(options.seed, options.agents)
        self._duty: dict[int, tuple[Agent, ...]] = {}
        self._long: dict[int, list[Outline]] = {}
        self._day = lru_cache(maxsize=_DAYS_KEPT)(self._draw)
        self._heads = lru_cache(maxsize=_DAYS_INDEXED)(self._draw_heads)

    @cached_property
    def timelines(self) -> list[Timeline]:
        """Every user's statuses, by user id."""
        options = self.options
        return timelines(options.seed, self.organisation, self.first_day, options.days)

    @cached_property
    def _older(self) -> list[Outline]:
        per_day = 3 + self.options.conversations_per_day // 250
        return older_outlines(self.options.seed, self.first_day, self.options.days, per_day)

    def outlines_started(self, start: int, end: int) -> Iterator[Outline]:
        """The outlines of all conversations started in `[start, end)`, by start."""
        if start < self.first_day * DAY:
            yield from (outline for outline in self._older if start <= outline.start < end)
        first = max(self.first_day, start // DAY)
        last = min(self.first_day + self.options.days - 1, (end - 1) // DAY)
        for day in range(first, last + 1):
            yield from (outline for outline in self._day(day) if start <= outline.start < end)

    def outlines_alive(self, start: int, end: int) -> Iterator[Outline]:
        """The outlines, by start, of all conversations that may have lived in `[start, end]`: none is missing."""
        yield from (outline for outline in self._older if outline.start < end and outline.until >= start)
        for day in range(self.first_day, min(self.first_day + self.options.days, end // DAY + 1)):
            drawn = self._long_of(day) if (day + 1) * DAY + SHORT < start else self._day(day)
            yield from (outline for outline in drawn if outline.start < end and outline.until >= start)

    def outline(self, conversation_id: str) -> Outline | None:
        """The outline of the conversation with an id, None where there is none; no conversation is told for it."""
        head = _head(conversation_id)
        days = range(self.first_day, self.first_day + self.options.days)
        drawn = (self._day(day) for day in days if head in self._heads(day))
        outlines = chain(self._older, chain.from_iterable(drawn)) if head is not None else ()
        return next((outline for outline in outlines if outline.id == conversation_id), None)

    def conversation(self, outline: Outline) -> Conversation:
        """All that happened in one conversation, and what it became by the steps of its outline."""
        drawn = outline.drawn or outline
        stage = Stage(drawn, Dice(drawn.seed), self.organisation, self.on_duty(drawn.start))
        STORIES[drawn.kind](stage)
        rarities(stage)
        judge(stage, self.options.late_changes)
        conversation = stage.closed()
        for step in outline.steps:
            rewrite(conversation, step, self.organisation)
        return conversation

    def on_duty(self, at: int) -> tuple[Agent, ...]:
        """The agents on their shift in the middle of the hour of an instant; everybody when nobody is."""
        hour = at // HOUR
        if hour not in self._duty:
            middle = hour * HOUR + HOUR // 2
            seed, day = self.options.seed, at // DAY
            self._duty[hour] = (
                tuple(
                    agent
                    for agent in self.organisation.agents
                    for worked in (shift(seed, agent, day - 1), shift(seed, agent, day))
                    if worked is not None and worked[0] <= middle < worked[1]
                )
                or self.organisation.agents
            )
        return self._duty[hour]

    def _draw(self, day: int) -> tuple[Outline, ...]:
        count = self.options.conversations_per_day
        first_number = (day - self.first_day) * count
        return tuple(day_outlines(self.options.seed, day, count, first_number))

    def _draw_heads(self, day: int) -> frozenset[int | None]:
        """The heads of a day's ids, which tell whether the day need be drawn for an id."""
        return frozenset(_head(outline.id) for outline in self._day(day))

    def _long_of(self, day: int) -> list[Outline]:
        """The few of a day that can outlive it by much; kept for good, so that days long past need no drawing."""
        if day not in self._long:
            self._long[day] = [outline for outline in self._day(day) if outline.kind in LONG_KINDS]
        return self._long[day]


def _head(conversation_id: str) -> int | None:
    """The first 32 bits of an id, None for a text that is no id; whoever shares them is told apart by the whole id."""
    try:
        return UUID(conversation_id).int >> 96
    except ValueError:
        return None
