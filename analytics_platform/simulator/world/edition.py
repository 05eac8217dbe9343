"""An edition of the world: what happened in it, as it is told once certain changes have been made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from heapq import merge

from analytics_platform.simulator.world.agents import Timeline
from analytics_platform.simulator.world.changes import Step
from analytics_platform.simulator.world.outline import Outline
from analytics_platform.simulator.world.rewriting import rewritten_statuses
from analytics_platform.simulator.world.world import World


@dataclass(frozen=True, eq=False)
class Edition:
    """The world with some of it changed. It never changes itself; two editions are the same only if they are one.

    `conversations` are the outlines of those that changes touched, None for one that is not told of; `users` are the
    steps of those whose statuses were corrected. `masked` says that personal data is told as a mask.
    """

    world: World
    conversations: Mapping[str, Outline | None] = field(default_factory=dict)
    users: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    masked: bool = False

    def outlines_started(self, start: int, end: int) -> Iterator[Outline]:
        """The outlines of all conversations started in `[start, end)`, by start."""
        drawn = self.world.outlines_started(start, end)
        return self._merged(drawn, lambda outline: start <= outline.start < end)

    def outlines_alive(self, start: int, end: int) -> Iterator[Outline]:
        """The outlines, by start, of all conversations that may have lived in `[start, end]`: none is missing."""
        drawn = self.world.outlines_alive(start, end)
        return self._merged(drawn, lambda outline: outline.start < end and outline.until >= start)

    def outline(self, conversation_id: str) -> Outline | None:
        """The outline of the conversation with an id, None where none is told of."""
        if conversation_id in self.conversations:
            return self.conversations[conversation_id]
        return self.world.outline(conversation_id)

    @cached_property
    def timelines(self) -> list[Timeline]:
        """Every user's statuses, by user id."""
        return [self._timeline(timeline) for timeline in self.world.timelines]

    def _timeline(self, timeline: Timeline) -> Timeline:
        for step in self.users.get(timeline.user_id, ()):
            timeline = rewritten_statuses(timeline, step)
        return timeline

    def _merged(self, drawn: Iterator[Outline], wanted: Callable[[Outline], bool]) -> Iterator[Outline]:
        if not self.conversations:
            return drawn
        untouched = (outline for outline in drawn if outline.id not in self.conversations)
        return merge(untouched, (outline for outline in self._touched if wanted(outline)))

    @cached_property
    def _touched(self) -> list[Outline]:
        return sorted(outline for outline in self.conversations.values() if outline is not None)
