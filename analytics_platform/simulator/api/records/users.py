"""A user's presences and routing statuses, as the vendor writes them.

Fields stand in the vendor's order, which is the order they are written in: scalars and lists of strings by
alphabet, then lists of objects. A field that is UNSET is absent from the JSON; null is never written.
"""

from msgspec import UNSET, Struct, UnsetType

from analytics_platform.simulator.api.records.sessions import Instant


class PresenceRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsUserPresenceRecord."""

    startTime: Instant | UnsetType = UNSET
    endTime: Instant | UnsetType = UNSET
    systemPresence: str | UnsetType = UNSET
    organizationPresenceId: str | UnsetType = UNSET


class RoutingStatusRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsRoutingStatusRecord."""

    startTime: Instant | UnsetType = UNSET
    endTime: Instant | UnsetType = UNSET
    routingStatus: str | UnsetType = UNSET


class UserDetailRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsUserDetail."""

    userId: str | UnsetType = UNSET
    primaryPresence: list[PresenceRecord] | UnsetType = UNSET
    routingStatus: list[RoutingStatusRecord] | UnsetType = UNSET
