"""The running org: the world, its clock and watermarks, and everything that answers for it."""

from datetime import UTC, datetime
from email.utils import formatdate

from analytics_platform.simulator.api.budget import Budget
from analytics_platform.simulator.api.faults import Faults
from analytics_platform.simulator.api.jobs import Jobs
from analytics_platform.simulator.api.oauth import Login
from analytics_platform.simulator.api.request_log import RequestLog
from analytics_platform.simulator.api.storage import Storage
from analytics_platform.simulator.api.telling import Teller
from analytics_platform.simulator.clock import Clock
from analytics_platform.simulator.gms.book import ServiceBook
from analytics_platform.simulator.options import SimulatorOptions
from analytics_platform.simulator.world.bot_sessions import BotSessions
from analytics_platform.simulator.world.change_book import ChangeBook
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import HOUR, SECOND, of
from analytics_platform.simulator.world.world import World


class Org:
    """One simulated org from its options."""

    def __init__(self, options: SimulatorOptions) -> None:
        assumed = options.assumptions
        running = options.now is None if options.running is None else options.running
        users_lag = options.lag_hours if options.users_lag_hours is None else options.users_lag_hours
        self.assumptions = assumed
        self.withdrawn = options.withdrawn
        self.clock = Clock(of(options.now or datetime.now(UTC)), running)
        self.lag_hours = {"conversations": options.lag_hours, "users": users_lag}
        self.world = World(options.world())
        self.bots = BotSessions(self.world)
        self.changes = ChangeBook(self.world)
        self.settings = dict.fromkeys(
            ("piiMaskingEnabled", "queueAgentAccessObfuscation", "myInteractionsPiiMaskingEnabled"), False
        )
        """The reporting settings."""
        self.teller = Teller(assumed)
        self.login = Login(options.clients, options.token_lifetime)
        self.budget = Budget(options.rate_limit, assumed.rate_window_seconds)
        self.token_budget = Budget(assumed.token_rate_limit, assumed.rate_window_seconds)
        self.jobs = Jobs(self.clock, assumed)
        self.faults = Faults(options.faults)
        self.log = RequestLog()
        self.services = ServiceBook(self.world)
        self.gms_users = options.gms_users
        self.gms_folders = options.gms_folders
        self.storage = Storage(assumed.download_url_seconds, self.faults, self.log)

    def edition(self) -> Edition:
        """The world as the vendor tells it at the clock's instant."""
        return self.changes.edition(self.clock.now(), self.settings["piiMaskingEnabled"])

    def availability(self, family: str) -> int:
        """The watermark of a job family: what happened before it is known, the rest is not."""
        step = self.assumptions.watermark_step_seconds * SECOND
        return (self.clock.now() - int(self.lag_hours[family] * HOUR)) // step * step

    def skew(self, operation: str) -> int:
        """How many milliseconds the instants that an answer tells of its clock are off, where a fault says so."""
        fault = self.faults.take(operation, ("clock_skew",))
        return 0 if fault is None else int(fault.seconds * SECOND)

    def date(self, skew: int) -> str:
        """The clock's instant, so many milliseconds off, as a Date header has it."""
        return formatdate((self.clock.now() + skew) // 1000, usegmt=True)

    def aggregated(self) -> int:
        """What was emitted before it is in the aggregates."""
        return self.clock.now() - int(self.assumptions.aggregate_lag_seconds * SECOND)
