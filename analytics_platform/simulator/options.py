"""What a simulated org is started with."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from analytics_platform.catalogue.operations import OPERATIONS
from analytics_platform.simulator.api.faults import Fault
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.world.world import WorldOptions

HOST = "127.0.0.1"
"""The only address a simulated org listens on."""
ALL_PERMISSIONS = frozenset(permission for operation in OPERATIONS for permission in operation.permissions)


@dataclass(frozen=True)
class OAuthClient:
    """A client-credentials client and the permissions its roles give."""

    id: str
    secret: str
    permissions: frozenset[str] = ALL_PERMISSIONS

    @classmethod
    def parse(cls, text: str) -> "OAuthClient":
        """From `id:secret` (all permissions) or `id:secret:permission,permission` (permissions hold colons)."""
        identity, _, rest = text.partition(":")
        secret, separator, permissions = rest.partition(":")
        if not identity or not secret:
            raise ValueError(f"A client is id:secret, and a colon and permissions by commas may follow; not {text!r}.")
        if not separator:
            return cls(identity, secret)
        return cls(identity, secret, frozenset(part for part in permissions.split(",") if part))


@dataclass(frozen=True)
class GmsUser:
    """A user of Context Services, known by Basic authentication; an empty role may do nothing."""

    name: str
    password: str
    role: str = "Administrator"

    @classmethod
    def parse(cls, text: str) -> "GmsUser":
        """From `name:password` (an Administrator) or `name:password:role`."""
        name, _, rest = text.partition(":")
        password, separator, role = rest.partition(":")
        if not name or not password:
            raise ValueError("A GMS user is name:password, and a colon and a role may follow.")
        return cls(name, password, role) if separator else cls(name, password)


@dataclass(frozen=True)
class SimulatorOptions:
    """A whole simulated org. Days and instants are UTC."""

    port: int = 0
    """Port on 127.0.0.1; 0 takes a free one."""
    seed: int = 7
    start_day: date | None = None
    """First day of the world; None puts its last day on yesterday."""
    days: int = 3
    conversations_per_day: int = 500
    agents: int = 40
    late_changes: bool = True
    now: datetime | None = None
    """Where the clock starts; None is the real instant."""
    running: bool | None = None
    """Whether the clock runs; None lets it run exactly when `now` is not given."""
    lag_hours: float = 6.0
    """How far the watermark of conversation jobs trails the clock."""
    users_lag_hours: float | None = None
    """How far the watermark of user jobs trails the clock; None is the same as the other."""
    token_lifetime: int = 86_400
    """Seconds a token lives, in real time."""
    rate_limit: int = 300
    """Requests one client may make in a minute."""
    clients: tuple[OAuthClient, ...] = (OAuthClient("demo", "demo"),)
    withdrawn: bool = True
    """Whether the org still answers the operations that the vendor withdrew."""
    gms_users: tuple[GmsUser, ...] = ()
    """Who may use Context Services; with none, anybody may."""
    gms_folders: tuple[Path, ...] = ()
    """Where each node of Context Services writes its exports; with none there is one node that cannot write any."""
    faults: tuple[Fault, ...] = ()
    """What misbehaves from the start."""
    assumptions: Assumptions = field(default_factory=Assumptions)

    def world(self) -> WorldOptions:
        """The world of these options."""
        start = self.start_day or datetime.now(UTC).date() - timedelta(days=self.days)
        return WorldOptions(self.seed, start, self.days, self.conversations_per_day, self.agents, self.late_changes)
