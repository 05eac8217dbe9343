"""The groups of an observation answer: queues, users and flows as they are at one instant.

Shapes follow a real answer of 2025: who belongs to a queue under a group without mediaType, its interactions under a
group for each medium, zero counts among them; counts by presence or routing status only where there is somebody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import UNSET

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.world.activities import ALERTING, FLOWING, INTERACTING, WAITING, Activities, Activity
from analytics_platform.simulator.world.agents import Status, status_before
from analytics_platform.simulator.world.instants import DAY, iso
from analytics_platform.simulator.world.organisation import Queue

Values = list[dict[str, Any]]
_MEDIA = ("chat", "message", "email", "callback", "voice")
_COUNTED = {"oInteracting": INTERACTING, "oWaiting": WAITING, "oAlerting": ALERTING}
_LONGEST = {"oLongestInteracting": INTERACTING, "oLongestWaiting": WAITING}
_NO_ONE = "OFF_QUEUE"


@dataclass(frozen=True, slots=True)
class Observed:
    """One metric of a group: a count of things, told one by one by `values`; or, of the longest, `since` when it is."""

    metric: str
    count: int = 0
    values: Callable[[], Values] = list
    qualifier: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What is observed under one group; `presences` are the system presences behind its qualifiers."""

    dimensions: dict[str, str]
    observed: list[Observed]
    presences: set[str] = field(default_factory=set)


class _User(NamedTuple):
    user_id: str
    team_id: str
    presence: Status
    routing: Status


class Observer:
    """The org at an instant."""

    def __init__(self, org: Org, activities: Activities, at: int) -> None:
        self._org, self._activities, self._at = org, activities, at
        self._edition, self._organisation = org.edition(), org.world.organisation

    def queues(self) -> Iterator[Group]:
        """Each queue's people, then its interactions by medium."""
        going = self._by_place(self._activities.at(self._edition, self._at))
        users = {user.user_id: user for user in self._users()}
        for queue in self._organisation.queues:
            yield self._people(queue, users)
            for media in (*_MEDIA, "video"):
                here = {kind: going.get((kind, queue.id, media), []) for kind in (WAITING, ALERTING, INTERACTING)}
                counted = ("oInteracting",) if media == "video" else tuple(_COUNTED)
                observed = [self._interactions(metric, here[_COUNTED[metric]]) for metric in counted]
                observed += [
                    Observed(metric, since=here[kind][0].since) for metric, kind in _LONGEST.items() if here[kind]
                ]
                yield Group({"queueId": queue.id, "mediaType": media}, observed)

    def users(self) -> Iterator[Group]:
        """Each active user's queues: those joined and those belonged to."""
        queues = self._organisation.queues
        for user in (*self._organisation.agents, *self._organisation.supervisors):
            held = [member for queue in queues for member in queue.members if member.user_id == user.id]
            observed = [
                self._belonging("oActiveQueues", [user.id for member in held if member.joined]),
                self._belonging("oMemberQueues", [user.id for _ in held]),
            ]
            yield Group({"userId": user.id}, observed)

    def flows(self) -> Iterator[Group]:
        """Each flow's conversations by the media that a conversation has in it; one nobody is in has no group."""
        going = self._by_place(self._activities.at(self._edition, self._at))
        for flow in self._organisation.flows:
            for media in _MEDIA:
                if inside := going.get((FLOWING, flow.id, media)):
                    yield Group({"flowId": flow.id, "mediaType": media}, [self._interactions("oFlow", inside)])

    def _by_place(self, going: Sequence[Activity]) -> dict[tuple[str, str, str], list[Activity]]:
        placed: dict[tuple[str, str, str], list[Activity]] = {}
        rung = {(each.outline.id, each.about) for each in going if each.kind == ALERTING}
        waits = self._org.assumptions.alerting_waits
        for each in going:
            if waits or each.kind != WAITING or (each.outline.id, each.about) not in rung:
                placed.setdefault((each.kind, each.about, each.media_type), []).append(each)
        return placed

    def _people(self, queue: Queue, users: dict[str, _User]) -> Group:
        members = [users[member.user_id] for member in queue.members]
        joined = [users[member.user_id] for member in queue.members if member.joined]
        on = [user for user in joined if user.routing.name != _NO_ONE]
        off = [user for user in joined if user.routing.name == _NO_ONE]
        observed = [
            self._belonging("oMemberUsers", [user.user_id for user in members]),
            self._belonging("oActiveUsers", [user.user_id for user in joined]),
            *self._by_routing("oUserRoutingStatuses", joined),
            *self._by_routing("oOnQueueUsers", on),
            *self._by_presence("oUserPresences", joined),
            *self._by_presence("oOffQueueUsers", off),
        ]
        return Group({"queueId": queue.id}, observed, {user.presence.name for user in joined})

    def _by_routing(self, metric: str, users: list[_User]) -> Iterator[Observed]:
        for name in sorted({user.routing.name for user in users}):
            yield _statuses(metric, name, [(user.routing.start, user) for user in users if user.routing.name == name])

    def _by_presence(self, metric: str, users: list[_User]) -> Iterator[Observed]:
        for name in sorted({user.presence.name for user in users}):
            held = [(user.presence.start, user) for user in users if user.presence.name == name]
            yield _statuses(metric, self._organisation.presences[name], held)

    def _belonging(self, metric: str, user_ids: list[str]) -> Observed:
        """Memberships; they are as old as the world."""
        since = iso(self._org.world.first_day * DAY)
        return Observed(
            metric, len(user_ids), lambda: [{"observationDate": since, "userId": each} for each in user_ids]
        )

    def _interactions(self, metric: str, going: list[Activity]) -> Observed:
        return Observed(metric, len(going), lambda: [self._interaction(each) for each in going])

    def _users(self) -> Iterator[_User]:
        people = (*self._organisation.agents, *self._organisation.supervisors)
        teams = {agent.id: agent.team_id for agent in people}
        for timeline in self._edition.timelines:
            presence = status_before(timeline.presences, self._at)
            off = Status(presence.start, presence.end, _NO_ONE)
            routing = status_before(timeline.routing, self._at) if timeline.routing else off
            yield _User(timeline.user_id, teams[timeline.user_id], presence, routing)

    def _interaction(self, activity: Activity) -> dict[str, Any]:
        """The vendor's ObservationValue of an interaction."""
        record = self._org.teller.conversation_record(self._edition, activity.outline, self._at)
        participant, session = next(
            (participant, session)
            for participant in (record.participants if record else ()) or ()
            for session in participant.sessions or ()
            if session.sessionId == activity.session_id
        )
        segment = list(session.segments or ())[-1]
        told = {
            "observationDate": iso(activity.since),
            "conversationId": activity.outline.id,
            "sessionId": activity.session_id,
            "requestedRoutingSkillIds": segment.requestedRoutingSkillIds,
            "requestedLanguageId": segment.requestedLanguageId,
            "participantName": participant.participantName,
            "userId": participant.userId,
            "direction": session.direction,
            "addressFrom": session.addressFrom,
            "addressTo": session.addressTo,
            "ani": session.ani,
            "dnis": session.dnis,
            "teamId": participant.teamId,
            "requestedRoutings": session.requestedRoutings,
            "usedRouting": session.usedRouting,
            "scoredAgents": segment.scoredAgents,
        }
        return {name: value for name, value in told.items() if value is not UNSET}


def _statuses(metric: str, qualifier: str, held: list[tuple[int, _User]]) -> Observed:
    def values() -> Values:
        ordered = sorted((since, user.user_id, user.team_id) for since, user in held)
        return [{"observationDate": iso(since), "userId": user, "teamId": team} for since, user, team in ordered]

    return Observed(metric, len(held), values, qualifier)
