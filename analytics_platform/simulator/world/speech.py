"""What was said between an agent and a customer, and what speech and text analytics make of it.

About four of five communications are analysed; which, and how, follows from the id of the agent's session alone.
"""

from dataclasses import dataclass
from typing import NamedTuple

from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.organisation import Named

ANALYZED_MEDIA = frozenset(("voice", "callback", "chat", "message", "email"))
SPOKEN = frozenset(("voice",))
_PHRASES = {
    "Billing": ("There is a mistake on my invoice.", "The amount was taken twice."),
    "Claims": ("I want to report a damage.", "When is my claim settled?"),
    "Orders": ("Where is my order?", "The parcel never arrived."),
    "Returns": ("I would like to send it back.", "Where is the return label?"),
    "Support": ("It does not switch on any more.", "I forgot my password."),
    "Sales": ("What does the larger one cost?", "Is there a discount for two?"),
    "Retention": ("I am thinking of leaving.", "Please cancel my contract."),
    "Complaints": ("This is not acceptable.", "I have been waiting for three weeks."),
}
_OPENING = ("agent", "Good morning, how can I help you?")
_ANSWERS = ("Let me have a look.", "I am sorry about that.", "I have sent you a message.", "One moment, please.")
_CLOSING = ("customer", "Thank you, goodbye.")


class Utterance(NamedTuple):
    """Something said by the `agent` or the `customer`."""

    speaker: str
    words: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One analysed communication. Sentiments are from -100 to 100; times are milliseconds, empty where it was written:
    agent, customer, both at once, silence and other audio make up the whole talk."""

    sentiment: int
    customer_sentiment: int
    topics: tuple[Named, ...]
    overtalk_instances: int
    times: dict[str, int]


def speech_of(session_id: str, media_type: str, talked: int, topics: tuple[Named, ...]) -> Speech | None:
    """What analytics make of a talk of so many milliseconds; None where it was not analysed."""
    dice = Dice(f"speech/{session_id}")
    if media_type not in ANALYZED_MEDIA or dice.chance(0.2):
        return None
    spoken = media_type in SPOKEN
    cuts = sorted(dice.span(0, talked + 1) for _ in range(4)) if spoken else []
    parts = [later - earlier for earlier, later in zip((0, *cuts), (*cuts, talked), strict=True)]
    return Speech(
        sentiment=dice.span(-100, 101),
        customer_sentiment=dice.span(-100, 101),
        topics=_topics(session_id, topics),
        overtalk_instances=dice.span(0, 9) if spoken else 0,
        times=dict(zip(("agent", "customer", "overtalk", "silence", "other"), parts, strict=True)) if spoken else {},
    )


def transcript_of(session_id: str, media_type: str, topics: tuple[Named, ...]) -> tuple[Utterance, ...]:
    """What was said, in its order; every topic by one of its phrases at least. Nothing where it was not analysed."""
    if speech_of(session_id, media_type, 0, topics) is None:
        return ()
    dice = Dice(f"transcript/{session_id}")
    said = [Utterance(*_OPENING)]
    for topic in _topics(session_id, topics):
        for phrase in dice.few(_PHRASES[topic.name], 2):
            said += [Utterance("customer", phrase), Utterance("agent", dice.pick(_ANSWERS))]
    return (*said, Utterance(*_CLOSING))


def _topics(session_id: str, topics: tuple[Named, ...]) -> tuple[Named, ...]:
    return tuple(Dice(f"topics/{session_id}").few(topics, 3))
