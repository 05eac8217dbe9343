"""Services: commitments to customers, each begun by a conversation of the world and kept, or not, hours to weeks later.

A service has events of its own (started, completed), states and tasks with the same two, extensions, and an owner that
may be found out later. An event has the instant it tells, given by whoever reported it, and the one it became known.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from analytics_platform.simulator.world.conversation import Facts, Late
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, FOREVER, HOUR, MINUTE, SECOND
from analytics_platform.simulator.world.outline import Outline
from analytics_platform.simulator.world.service_steps import Event, Part, owners, steps
from analytics_platform.simulator.world.world import World

LONGEST = 30 * DAY
"""No service of the world is completed later after its start."""
_EVERY = 5
"""One conversation in so many begins a service."""
_SLOTS = 4096
"""What a service's number is counted in: the rest is its day, 0 for those before the world's first. No world has
as many days."""
_DAYS_KEPT = 400
_COURSES = (
    ("kept", 36),
    ("slow", 22),
    ("reported_late", 10),
    ("goes_on", 10),
    ("automatic", 6),
    ("open", 10),
    ("purged", 4),
    ("expired", 2),
)
_ROUND = [course for course, share in _COURSES for _ in range(share)]


class Span(NamedTuple):
    """When a service lived: the instants its events tell, those at which they became known, and when it was gone."""

    id: str
    started: int
    start_known: int
    completed: int | None
    end_known: int
    gone: int


@dataclass(frozen=True, slots=True)
class Service:
    """One service, from its start to whatever became of it; `gone` is when it was deleted, purged or expired."""

    id: str
    facts: Facts
    started: Event
    completed: Event | None = None
    owners: tuple[Late, ...] = ()
    extensions: tuple[Late, ...] = ()
    states: tuple[Part, ...] = ()
    tasks: tuple[Part, ...] = ()
    gone: int = FOREVER

    @property
    def span(self) -> Span:
        end = self.completed
        at, known = (end.at, end.known) if end is not None else (None, FOREVER)
        return Span(self.id, self.started.at, self.started.known, at, known, self.gone)


class _Outline(NamedTuple):
    span: Span
    course: str
    conversation: Outline
    seed: int


class Services:
    """The services of a world; drawn by day when first asked for, told anew at each asking."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slot = lru_cache(maxsize=_DAYS_KEPT)(self._draw)

    def spans(self, start: int, end: int) -> list[Span]:
        """The spans of all services that were started or completed in `[start, end]`, by start."""
        world = self._world
        first = max(1, (start - LONGEST) // DAY - world.first_day)
        last = min(world.options.days, end // DAY - world.first_day + 2)
        found = [
            outline.span
            for slot in (0, *range(first, last + 1))
            for outline in self._slot(slot)
            if start <= outline.span.started <= end
            or (outline.span.completed is not None and start <= outline.span.completed <= end)
        ]
        return sorted(found, key=lambda span: (span.started, span.id))

    def service(self, service_id: str) -> Service | None:
        """The service with an id, None where the world has none."""
        number = service_id.partition("-")[0]
        slot = int(number) % _SLOTS if number.isascii() and number.isdigit() and len(number) < 19 else _SLOTS
        if slot > self._world.options.days:
            return None
        found = next((outline for outline in self._slot(slot) if outline.span.id == service_id), None)
        return None if found is None else self._told(found)

    def _draw(self, slot: int) -> tuple[_Outline, ...]:
        """The services of the `slot`-th day's conversations, from 1; of those before the first day at 0."""
        world, first = self._world, self._world.first_day * DAY
        day = (first + (slot - 1) * DAY, first + slot * DAY) if slot else (-FOREVER, first)
        conversations = [each for each in world.outlines_started(*day) if not slot or each.number % _EVERY == 0]
        return tuple(
            _outline(world.options.seed, position * _SLOTS + slot, each) for position, each in enumerate(conversations)
        )

    def _told(self, outline: _Outline) -> Service:
        span, dice = outline.span, Dice(outline.seed)
        conversation = self._world.conversation(outline.conversation)
        organisation, agent = self._world.organisation, dice.pick(self._world.on_duty(span.started))
        facts: Facts = {"service_type": dice.pick((3, 17, "42", *(topic.name for topic in organisation.topics)))}
        if dice.chance(0.7):
            facts["est_duration"] = dice.span(60, 20 * DAY // SECOND)
        started: Facts = {
            "interaction_id": outline.conversation.id,
            "session_id": dice.uuid().replace("-", ""),
            "application_type": dice.pick((400, "IVR")),
            "application_id": dice.pick(organisation.inbound_flows).id,
            "media_type": dice.pick((1, "voice", "email")),
        }
        if dice.chance(0.2):
            started["survey offered"] = {"at": "start", "channels": ["sms", "e-mail"]}
        if outline.course == "automatic":
            started["auto_complete_after"] = ((span.completed or span.started) - span.started) // SECOND
        if outline.course == "expired":
            started["ttl"] = (span.gone - span.started) // SECOND
        told = Service(span.id, facts, Event(span.started, span.start_known, started), gone=span.gone)
        if span.completed is not None:
            ended: Facts = {"disposition": dice.pick((1, 2, "done")), "disposition_desc": "kept – erfüllt"}
            if outline.course == "automatic":
                ended = {"disposition_desc": "completed by itself"}
            elif dice.chance(0.8):
                ended |= {"resource_type": 100, "resource_id": agent.id, "interaction_id": dice.uuid()}
            told = replace(told, completed=Event(span.completed, span.end_known, ended))
        states, tasks = steps(dice, span.started, span.completed, outline.course == "goes_on", agent.id)
        return replace(
            told,
            owners=owners(dice, conversation, span.start_known),
            extensions=_extensions(dice, span, organisation.attribute_bags),
            states=states,
            tasks=tasks,
        )


def _outline(seed: int, number: int, conversation: Outline) -> _Outline:
    dice = Dice(f"service/{seed}/{conversation.id}")
    course = _ROUND[(number // _SLOTS * 37 + number % _SLOTS * 11) % len(_ROUND)]
    known = conversation.start + dice.span(SECOND, 20 * MINUTE)
    started, end, end_known, gone = known, None, FOREVER, FOREVER
    if course in ("slow", "automatic"):
        end = started + int(HOUR + (LONGEST - HOUR) * dice.random() ** 3)
    elif course not in ("open", "expired"):
        end = started + int(MINUTE + 20 * HOUR * dice.random() ** 2)
    if end is not None:
        end_known = end
    if course == "reported_late":
        started -= dice.span(SECOND, 8 * MINUTE)
        end_known += dice.span(SECOND, 8 * MINUTE)
    if course == "purged":
        gone = end_known + dice.span(HOUR, 3 * DAY)
    elif course == "expired":
        gone = started + dice.span(1, 5) * DAY
    span = Span(f"{number}-{dice.uuid()}", started, known, end, end_known, gone)
    return _Outline(span, course, conversation, dice.getrandbits(64))


def _extensions(dice: Dice, span: Span, bags: tuple[Facts, ...]) -> tuple[Late, ...]:
    """What anybody hung on a service, without a schema: objects, lists, plain values, under any name."""
    first: Facts = {}
    if dice.chance(0.6):
        first["Contract"] = {"number": dice.digits(8), "kind": dice.pick(("gold", "silver")), "since": 2019}
    if dice.chance(0.4):
        first["visited pages"] = [f"/offers/{dice.digits(3)}" for _ in range(dice.span(0, 4))]
    if dice.chance(0.3):
        first["Größe"] = dice.pick((1, 2.5, True, None, 'mittel; "L",\nlang'))
    if dice.chance(0.3):
        first["attached data"] = dice.pick(bags)
    found = [Late(span.start_known, first)] if first else []
    if dice.chance(0.3):
        found.append(Late(span.start_known + dice.span(MINUTE, 2 * DAY), {"note": "called back twice"}))
    return tuple(found)
