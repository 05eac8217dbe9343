"""Journeys: visits to the organisation's site, what was offered on it, and what came of that.

Some visits lead to a web chat of the world: such a visit has the session, action and action map that the chat tells.
All others come and go by themselves, on each day of the world.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from analytics_platform.simulator.world.conversation import Conversation, Facts
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, MINUTE, SECOND
from analytics_platform.simulator.world.organisation import Organisation
from analytics_platform.simulator.world.world import World

LONGEST_VISIT = 60 * MINUTE
_MEDIA = ("webchat", "webMessagingOffer", "contentOffer", "architectFlow", "openAction")
_DEVICES = (
    ("desktop", "Windows"),
    ("mobile", "Android"),
    ("mobile", "iOS"),
    ("tablet", "iPadOS"),
    ("desktop", "macOS"),
)
_COUNTRIES = ("US", "DE", "FR", "GB", "ES", "JP")
_COURSES = (
    ("Qualified", "Offered", "Accepted", "Started", "Engaged"),
    ("Qualified", "Offered", "Accepted", "Started", "Abandoned"),
    ("Qualified", "Offered", "Accepted", "Errored"),
    ("Qualified", "Offered", "Rejected"),
    ("Qualified", "Offered", "Ignored"),
    ("Qualified", "Offered", "Timedout"),
    ("Qualified", "FrequencyCapReached"),
    ("QualifiedOutsideSchedule",),
    ("Qualified", "OfferedOutsideSchedule"),
    ("Qualified", "Blocked"),
)
"""What becomes of a web action, each step as the vendor names it in nWebActions…; Blocked is nJourneyActionsBlocked."""
_CHATTED = _COURSES[0]
_BLOCKED_BY = ("ActionMapFrequencyCap", "ScheduleGroup", "PageUrlCondition")


class Happening(NamedTuple):
    """One thing that happened on a visit, counted once; `facts` are keyed as the vendor names dimensions."""

    at: int
    metric: str
    value: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Visit:
    """`[start, end)` of one session on the site; `facts` go with everything that happened on it."""

    id: str
    start: int
    end: int
    facts: Facts
    happenings: tuple[Happening, ...]


def visits(world: World, start: int, end: int) -> Iterator[Visit]:
    """Every visit that lived in `[start, end)`, and some around it."""
    for outline in world.outlines_started(start - LONGEST_VISIT, end + LONGEST_VISIT):
        if outline.kind == "chat":
            yield _before_chat(world, world.conversation(outline))
    options = world.options
    first = max(world.first_day, (start - LONGEST_VISIT) // DAY)
    last = min(world.first_day + options.days - 1, end // DAY)
    for day in range(first, last + 1):
        for number in range(3 + options.conversations_per_day // 4):
            dice = Dice(f"visit/{options.seed}/{day}/{number}")
            begun = day * DAY + dice.span(0, DAY)
            yield _visit(world, dice, dice.uuid(), begun, begun + dice.span(MINUTE, LONGEST_VISIT), None)


def _before_chat(world: World, conversation: Conversation) -> Visit:
    told = next(
        session.facts
        for participant in conversation.participants
        for session in participant.sessions
        if "journeyCustomerSessionId" in session.facts
    )
    visit_id = told["journeyCustomerSessionId"]
    dice = Dice(f"visit/{visit_id}")
    begun = conversation.start - dice.span(MINUTE, LONGEST_VISIT // 2)
    return _visit(world, dice, visit_id, begun, conversation.start + LONGEST_VISIT // 3, (conversation.start, told))


def _visit(world: World, dice: Dice, visit_id: str, start: int, end: int, chat: tuple[int, Facts] | None) -> Visit:
    organisation = world.organisation
    category, device = dice.pick(_DEVICES)
    facts: Facts = {
        "journeySessionId": visit_id,
        "journeySessionType": "web" if chat or dice.chance(0.8) else "app",
        "journeyDeviceCategory": category,
        "journeyDeviceType": device,
        "journeyIpGeolocationCountry": dice.pick(_COUNTRIES),
    }
    happened = [Happening(start, "nJourneySessions", 1, {}), Happening(start, "nDistinctJourneySessions", 1, {})]
    if dice.chance(0.6):
        segment = {
            "journeySegmentId": dice.pick(organisation.journey_segments),
            "journeySegmentAssignmentState": "assigned",
        }
        happened.append(Happening(dice.span(start, end), "nJourneySegmentsAssigned", 1, segment))
    if chat is not None:
        taken, told = chat
        action: Facts = {name: str(told[name]) for name in _OF_ACTION} | {"journeyActionMediaType": "webchat"}
        happened += _action(dice, action, max(start, taken - 20 * SECOND), taken, end, _CHATTED)
    elif dice.chance(0.7):
        offered = dice.span(start, end)
        happened += _action(dice, _offered(dice, organisation), offered, offered + MINUTE, end, dice.pick(_COURSES))
    if dice.chance(0.3):
        happened += _outcome(dice, organisation, dice.span(start, end), facts)
    return Visit(visit_id, start, end, facts, tuple(happened))


_OF_ACTION = ("journeyActionId", "journeyActionMapId", "journeyActionMapVersion")


def _offered(dice: Dice, organisation: Organisation) -> Facts:
    return {
        "journeyActionId": dice.uuid(),
        "journeyActionMapId": dice.pick(organisation.journey_maps),
        "journeyActionMapVersion": str(1 + int(dice.random() * 6)),
        "journeyActionMediaType": dice.pick(_MEDIA),
        "journeyActionTemplateId": dice.pick(organisation.scripts),
    }


def _action(
    dice: Dice, action: Facts, qualified: int, accepted: int, end: int, course: tuple[str, ...]
) -> Iterator[Happening]:
    """The steps of one action: offered at once, accepted or not some seconds on."""
    yield Happening(qualified, "nDistinctJourneyActions", 1, action)
    for number, step in enumerate(course):
        at = (qualified, qualified + SECOND, accepted, accepted + SECOND, accepted + 2 * SECOND)[number]
        if step == "Blocked":
            reason = {"journeyBlockingReason": dice.pick(_BLOCKED_BY)}
            blocking = {"journeyBlockingActionMapId": action["journeyActionMapId"]}
            yield Happening(min(at, end), "nJourneyActionsBlocked", 1, action | reason | blocking)
            continue
        cap = {"journeyFrequencyCapReason": "ActionMap"} if step == "FrequencyCapReached" else {}
        yield Happening(min(at, end), f"nWebActions{step}", 1, action | cap)


def _outcome(dice: Dice, organisation: Organisation, at: int, visit: Facts) -> Iterator[Happening]:
    """Something the organisation hoped for; about every second is put down to what the visitor met on the way."""
    outcome = {"journeyOutcomeId": dice.pick(organisation.outcomes).id}
    worth = dice.span(5, 500)
    yield Happening(at, "nJourneyOutcomesAchieved", 1, outcome)
    yield Happening(at, "oJourneyOutcomeValue", worth, outcome)
    if dice.chance(0.5):
        touched = outcome | {
            "touchpointActionMapId": dice.pick(organisation.journey_maps),
            "touchpointAttributionScope": dice.pick(("FirstTouch", "LastTouch")),
            "touchpointChannelType": "webchat",
            "touchpointQueueId": dice.pick(organisation.queues).id,
        }
        yield Happening(at, "nJourneyOutcomesAttributed", 1, touched)
        yield Happening(at, "oJourneyOutcomeTouchpointValue", worth // 2, touched)
