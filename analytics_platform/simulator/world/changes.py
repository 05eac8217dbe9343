"""What became of the world after it was told: conversations erased, corrected, opened again, moved, late or ended.

A change has the instant from which the vendor tells it so. What it does to one conversation, or to one user's statuses,
is a Step; steps are applied in the order in which their changes were made.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import HOUR, MINUTE

Kind = Literal["erase", "correct", "reopen", "move_start", "late", "end", "correct_status"]
HIDING: tuple[Kind, ...] = ("erase", "late")
"""While such a change is in force nobody is told of the conversation."""
_FARTHEST = 5 * MINUTE
"""How far a start moves at most where nobody says how far."""


class ChangeAsked(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A change as somebody asks for it.

    It is of the `conversations` named, or of the `share` of those that started on the UTC `day`, chosen by `seed`; a
    `correct_status` is of the share of the statuses that began on `day`, of all users or of the `users` named. `at` is
    the instant from which it is told, now where it is left out; for `late` the one before which nothing is told.
    `by_ms` is how far a `move_start` goes, negative for earlier; left out, each moves by its own up to 5 minutes.
    """

    kind: Kind
    at: str | None = None
    conversations: list[str] | None = None
    users: list[str] | None = None
    day: str | None = None
    share: float = 1.0
    seed: int = 0
    by_ms: int | None = None


class Step(NamedTuple):
    """What a change does to one thing of the world; `seed` is that of its dice, `share` that of a day's statuses."""

    kind: Kind
    at: int
    seed: str
    by_ms: int | None = None
    day: int | None = None
    share: float = 1.0

    def dice(self, about: str) -> Dice:
        """The dice of this step for the conversation or status it is about."""
        return Dice(f"{self.kind}/{self.seed}/{about}")

    def moved_by(self, conversation_id: str) -> int:
        """Milliseconds that the start of a conversation moves by."""
        if self.by_ms is not None:
            return self.by_ms
        dice = self.dice(conversation_id)
        return dice.pick((-1, 1)) * dice.span(1, _FARTHEST)

    def reopened(self, conversation_id: str) -> tuple[int, int]:
        """When a conversation is opened again, within the hour, and when it is closed."""
        dice = self.dice(conversation_id)
        opened = self.at + dice.span(0, HOUR)
        return opened, opened + dice.span(10 * MINUTE, 6 * HOUR)
