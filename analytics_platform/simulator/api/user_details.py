"""User details as the vendor tells them: one record per user, whole statuses, an open one without endTime."""

from msgspec import UNSET, UnsetType

from analytics_platform.simulator.api.records.users import PresenceRecord, RoutingStatusRecord, UserDetailRecord
from analytics_platform.simulator.world.agents import Status, Timeline
from analytics_platform.simulator.world.instants import iso


def user_detail(
    timeline: Timeline, start: int, end: int, at: int, presences: dict[str, str]
) -> UserDetailRecord | None:
    """The user's statuses that touch `[start, end)`, as known before `at`; None when there is none.

    Statuses are not cut to the interval: they begin before it and end after it as they did. `presences` gives the
    organization presence id of a system presence.
    """
    presence = [
        PresenceRecord(
            startTime=iso(status.start),
            endTime=_end(status, at),
            systemPresence=status.name,
            organizationPresenceId=presences[status.name],
        )
        for status in timeline.presences
        if touches(status, start, end, at)
    ]
    routing = [
        RoutingStatusRecord(startTime=iso(status.start), endTime=_end(status, at), routingStatus=status.name)
        for status in timeline.routing
        if touches(status, start, end, at)
    ]
    if not presence and not routing:
        return None
    return UserDetailRecord(userId=timeline.user_id, primaryPresence=presence or UNSET, routingStatus=routing or UNSET)


def touches(status: Status, start: int, end: int, at: int) -> bool:
    """Whether a status, as known before `at`, was there in `[start, end)` or ended at its first instant."""
    return status.start < at and status.start < end and (status.end is None or status.end >= min(start, at))


def _end(status: Status, at: int) -> str | UnsetType:
    return iso(status.end) if status.end is not None and status.end < at else UNSET
