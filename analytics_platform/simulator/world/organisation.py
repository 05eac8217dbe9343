"""The organisation: what an administrator set up before the first customer called."""

from dataclasses import dataclass

from analytics_platform.simulator.world.attributes import attribute_bags
from analytics_platform.simulator.world.dice import Dice

_PLACES = ("North", "South", "East", "West", "Harbour", "Valley", "Lake", "Hill")
_SERVICES = ("Billing", "Claims", "Orders", "Returns", "Support", "Sales", "Retention", "Complaints")
_FIRST = ("Ada", "Ben", "Cleo", "Dara", "Emil", "Fern", "Goro", "Hana", "Ivo", "June", "Kai", "Lena", "Milo", "Nora")
_LAST = ("Abel", "Birk", "Cole", "Dahl", "Eng", "Falk", "Grun", "Holt", "Isak", "Jarl", "Kest", "Lund", "Moor", "Nyg")
_LANGUAGES = ("en-us", "en-gb", "de-de", "fr-fr", "es-es")


@dataclass(frozen=True)
class Named:
    """Anything known by an id and a name."""

    id: str
    name: str


@dataclass(frozen=True)
class PublishedFlow(Named):
    """A flow in use; `type` is the vendor's word for its kind."""

    type: str
    division_id: str


@dataclass(frozen=True)
class Member:
    """A user who belongs to a queue; `joined` tells whether the queue is switched on for them."""

    user_id: str
    joined: bool


@dataclass(frozen=True)
class Queue:
    """A queue, its division, its members, the flow callers wait in, and what its wrap-up offers."""

    id: str
    name: str
    division_id: str
    in_queue_flow: PublishedFlow
    skill_ids: tuple[str, ...]
    wrap_up_codes: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Agent:
    """A user who takes conversations."""

    id: str
    name: str
    division_id: str
    team_id: str
    address: str


@dataclass(frozen=True)
class Organisation:
    """All configuration objects; every tuple has at least two members."""

    divisions: tuple[str, ...]
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    supervisors: tuple[Agent, ...]
    leavers: tuple[Agent, ...]
    """Users who take part in nothing any more; every other one of them is deleted, the rest inactive."""
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    language_codes: tuple[str, ...]
    edges: tuple[str, ...]
    inbound_flows: tuple[PublishedFlow, ...]
    outbound_flows: tuple[PublishedFlow, ...]
    mail_flows: tuple[PublishedFlow, ...]
    bots: tuple[PublishedFlow, ...]
    outcomes: tuple[Named, ...]
    campaigns: tuple[Named, ...]
    contact_lists: tuple[str, ...]
    scripts: tuple[str, ...]
    groups: tuple[str, ...]
    knowledge_bases: tuple[str, ...]
    forms: tuple[Named, ...]
    journey_maps: tuple[str, ...]
    journey_segments: tuple[str, ...]
    topics: tuple[Named, ...]
    external_organizations: tuple[str, ...]
    presences: dict[str, str]
    """Organization presence id by system presence."""
    service_numbers: tuple[str, ...]
    attribute_bags: tuple[dict[str, str], ...]
    """Sets of participant attributes as flows leave them, odd keys and all."""

    @property
    def flows(self) -> tuple[PublishedFlow, ...]:
        """Every flow that a conversation can run through."""
        waiting = tuple(queue.in_queue_flow for queue in self.queues)
        return (*self.inbound_flows, *self.outbound_flows, *self.mail_flows, *self.bots, *waiting)


def found_organisation(seed: int, agents: int) -> Organisation:
    """The organisation of a seed, with so many agents; the same for the same two numbers."""
    dice = Dice(f"organisation/{seed}")

    def ids(count: int) -> tuple[str, ...]:
        return tuple(dice.uuid() for _ in range(count))

    def named(prefix: str, count: int) -> tuple[Named, ...]:
        return tuple(Named(dice.uuid(), f"{prefix} {_PLACES[i % 8]} {i + 1}") for i in range(count))

    divisions, skills, codes, teams = ids(3), ids(16), ids(24), ids(4)

    def flows(prefix: str, *types: str) -> tuple[PublishedFlow, ...]:
        drawn = zip(named(prefix, len(types)), types, strict=True)
        return tuple(PublishedFlow(each.id, each.name, kind, divisions[i % 3]) for i, (each, kind) in enumerate(drawn))

    people, supervisors = _people(dice, agents, divisions, teams), _people(dice, 4, divisions, teams)
    queues = tuple(
        Queue(
            id=dice.uuid(),
            name=f"{_PLACES[i % 8]} | {_SERVICES[i * 3 % 8]} | {i + 1}",
            division_id=divisions[i % 3],
            in_queue_flow=PublishedFlow(
                dice.uuid(), f"InQueue_{_SERVICES[i * 3 % 8]}", "INQUEUECALL", divisions[i % 3]
            ),
            skill_ids=tuple(dice.few(skills, 4)),
            wrap_up_codes=tuple(dice.few(codes, 6)),
            members=_members(dice, people, supervisors[i % 4]),
        )
        for i in range(12)
    )
    return Organisation(
        divisions=divisions,
        queues=queues,
        agents=people,
        supervisors=supervisors,
        skills=skills,
        languages=ids(5),
        language_codes=_LANGUAGES,
        edges=ids(6),
        inbound_flows=flows("Inbound", *["INBOUNDCALL"] * 4),
        outbound_flows=flows("Outbound", *["OUTBOUNDCALL"] * 3),
        mail_flows=flows("Mail", *["INBOUNDEMAIL"] * 2),
        bots=flows("Bot", "DIGITALBOT", "BOT"),
        outcomes=named("Outcome", 5),
        campaigns=named("Campaign", 3),
        contact_lists=ids(3),
        scripts=ids(4),
        groups=ids(3),
        knowledge_bases=ids(2),
        forms=named("Form", 3),
        journey_maps=ids(2),
        external_organizations=ids(4),
        presences={name: dice.uuid() for name in _SYSTEM_PRESENCES},
        service_numbers=tuple(f"tel:+999800{i:04d}" for i in range(8)),
        attribute_bags=attribute_bags(dice),
        leavers=_people(dice, 2, divisions, teams),
        journey_segments=ids(4),
        topics=tuple(Named(dice.uuid(), name) for name in _SERVICES),
    )


_SYSTEM_PRESENCES = (
    "AVAILABLE",
    "AWAY",
    "BUSY",
    "OFFLINE",
    "IDLE",
    "ON_QUEUE",
    "MEAL",
    "TRAINING",
    "MEETING",
    "BREAK",
)


def _members(dice: Dice, agents: tuple[Agent, ...], supervisor: Agent) -> tuple[Member, ...]:
    """About every second agent, and a supervisor who seldom joins; whom a conversation meets is not bound to it."""
    chosen = [Member(agent.id, dice.chance(0.9)) for agent in agents if dice.chance(0.5)]
    return (*chosen, Member(supervisor.id, dice.chance(0.3)))


def _people(dice: Dice, count: int, divisions: tuple[str, ...], teams: tuple[str, ...]) -> tuple[Agent, ...]:
    return tuple(
        Agent(
            id=dice.uuid(),
            name=f"{dice.pick(_FIRST)} {dice.pick(_LAST)}",
            division_id=divisions[i % len(divisions)],
            team_id=teams[i % len(teams)],
            address=f"sip:{dice.getrandbits(96):024x}+example.orgspan.com@localhost",
        )
        for i in range(count)
    )
