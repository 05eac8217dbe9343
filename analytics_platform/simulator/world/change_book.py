"""The book of changes: those made to a world, what each touched, and the edition that is told at an instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

from analytics_platform.simulator.world.changes import HIDING, ChangeAsked, Step
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import DAY, day_start, iso, parse
from analytics_platform.simulator.world.outline import Outline
from analytics_platform.simulator.world.rewriting import rewritten_statuses
from analytics_platform.simulator.world.world import World


@dataclass(frozen=True)
class Change:
    """A change that was made: its step, the conversations it touched as the world drew them, and the users."""

    step: Step
    conversations: tuple[Outline, ...] = ()
    users: tuple[str, ...] = ()

    def in_force(self, instant: int) -> bool:
        """Whether the vendor tells it so at an instant; what is late is hidden until its own."""
        return (self.step.at <= instant) != (self.step.kind == "late")


class ChangeBook:
    """All changes of one world, in the order in which they were made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes: tuple[Change, ...] = ()
        self._newest: tuple[object, Edition] = (None, Edition(world))
        self._lock = Lock()

    @property
    def changes(self) -> tuple[Change, ...]:
        return self._changes

    def make(self, asked: Iterable[ChangeAsked], now: int) -> Sequence[Change]:
        """Make changes, all or none; gives them. ValueError says what cannot be changed so."""
        with self._lock:
            changes = list(self._changes)
            for each in asked:
                changes.append(self._change(each, changes, now))
            made = changes[len(self._changes) :]
            self._changes = tuple(changes)
        return made

    def take_back(self) -> None:
        """The world as if nothing had ever changed."""
        with self._lock:
            self._changes = ()

    def edition(self, instant: int, masked: bool) -> Edition:
        """What is told at an instant; the same edition as long as the same changes are in force."""
        with self._lock:
            in_force = tuple(change.in_force(instant) for change in self._changes)
            if self._newest[0] != (in_force, masked):
                self._newest = ((in_force, masked), self._edition(self._changes, instant, masked))
            return self._newest[1]

    def _edition(self, changes: Iterable[Change], instant: int, masked: bool = False) -> Edition:
        conversations: dict[str, Outline | None] = {}
        users: dict[str, tuple[Step, ...]] = {}
        for change in changes:
            if not change.in_force(instant):
                continue
            for drawn in change.conversations:
                known = conversations.get(drawn.id, drawn)
                if known is not None:
                    hides = change.step.kind in HIDING
                    conversations[drawn.id] = None if hides else known.changed(change.step)
            for user in change.users:
                users[user] = (*users.get(user, ()), change.step)
        return Edition(self._world, conversations, users, masked)

    def _change(self, asked: ChangeAsked, before: Sequence[Change], now: int) -> Change:
        at = now if asked.at is None else parse(asked.at)
        day = None if asked.day is None else day_start(date.fromisoformat(asked.day)) // DAY
        if not 0 < asked.share <= 1:
            raise ValueError(f"The share of a change is more than 0 and at most 1, not {asked.share}")
        step = Step(asked.kind, at, f"{asked.seed}/{len(before)}", asked.by_ms, day, asked.share)
        edition = self._edition(before, at)
        if asked.kind == "correct_status":
            return Change(step, users=self._users(asked.users, step, edition))
        chosen = self._chosen(asked.conversations, step, edition)
        return Change(step, tuple(outline.drawn or outline for outline in chosen))

    def _users(self, named: list[str] | None, step: Step, edition: Edition) -> tuple[str, ...]:
        if step.day is None:
            raise ValueError("A correct_status names the day on which the statuses began")
        known = {timeline.user_id: timeline for timeline in edition.timelines}
        if unknown := set(named or ()) - set(known):
            raise ValueError(f"There is no user {', '.join(sorted(unknown))}")
        wanted = known if named is None else named
        return tuple(user for user in wanted if rewritten_statuses(known[user], step) != known[user])

    def _chosen(self, named: list[str] | None, step: Step, edition: Edition) -> list[Outline]:
        if named is not None:
            return [self._named(conversation_id, step, edition) for conversation_id in dict.fromkeys(named)]
        if step.day is None:
            raise ValueError("A change names its conversations, or the day on which they started")
        started = edition.outlines_started(step.day * DAY, (step.day + 1) * DAY)
        drawn = (outline for outline in started if step.dice(f"chosen/{outline.id}").chance(step.share))
        return [outline for outline in drawn if self._hinders(outline, step) is None]

    def _named(self, conversation_id: str, step: Step, edition: Edition) -> Outline:
        outline = edition.outline(conversation_id)
        hindrance = "there is none" if outline is None else self._hinders(outline, step)
        if outline is None or hindrance is not None:
            raise ValueError(f"{step.kind} of conversation {conversation_id} at {iso(step.at)}: {hindrance}")
        return outline

    def _hinders(self, outline: Outline, step: Step) -> str | None:
        """Why a step cannot be done to a conversation; None when it can."""
        if step.kind not in ("reopen", "end", "move_start"):
            return None
        conversation = self._world.conversation(outline)
        if step.kind == "reopen" and conversation.spells[-1][1] >= step.at:
            return "it has not ended then"
        if step.kind == "end" and (conversation.start >= step.at or conversation.end_seen(step.at) is not None):
            return "it is not open then"
        if step.kind == "move_start":
            first_end = conversation.spells[0][1]
            if conversation.start + step.moved_by(outline.id) > first_end:
                return f"it would start after its end, {iso(first_end)}"
        return None
