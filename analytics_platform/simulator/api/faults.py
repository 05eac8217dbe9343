"""Faults that a test arms: the only place where the simulated org misbehaves on purpose.

A fault is `{"kind", "operation", "times", ...}`. `operation` is a pattern: `token`, `conversations.submit`,
`users.results`, `*.status`, `*`; `times` is how often it strikes (null: until cleared). `page` lets it strike at one
page of results only, counted from 0. With a `rate` below 1 it strikes at each match with that probability, drawn by
`seed` and the number of matches so far, and then at the next ones until it has struck `burst` times in a row. Kinds:

- before the request is served: `status` (answer `status`, with `retry_after` seconds, which a 429 always has; `html`
  true for a body that is no JSON), `token_revoked` (all tokens, of all clients), `permission_withdrawn`;
- at a submit: `job_failed`, `job_expired`, `job_cancelled` (the job ends so), `job_stuck` (PENDING for ever);
- at an export's request: `export_failed` (with `reason`, an exportErrorMessagesType), `export_partial` (the file holds
  the first half of its rows), `export_stuck` (RUNNING for ever);
- at an availability: `watermark_back` (`hours` earlier than it is);
- at a page of results: `page_twice` (its cursor leads to the same records once more; assumed, as a vendor could whose
  cursor was taken before the page was read), `page_short` (half of the records asked for, the rest follow),
  `cursor_refused` (400, where there is a cursor);
- in a page of results, one record more, made from the page's first under an id that is told in `made`:
  `record_without_id`, `record_wrong_type`, `record_unknown_field`, `record_unknown_value` (of enums), `record_fraction`
  (a metric's value is not whole), `record_malformed` (an object where the list of participants or presences belongs),
  `record_huge` (of about `bytes`), `record_deep` (an unknown field of lists one in the other), `record_duplicate` (the
  same record again); none spoils what the world holds;
- in what is told of time, `seconds` off: `clock_skew` (the Date of an answer, dates of a job's status, a token's
  expiry);
- of Context Services: `service_deleted` (the service read, gone before the answer); at an export to files
  `file_missing` (the last of the files named is never written), `file_cut` (the first ends after `fraction` for good),
  `file_elsewhere` (the first is named in another folder, `reason` or one above), `file_held` (all wait after `fraction`
  until released, the answer does not), `disk_full` (500 after `fraction`); `reason` of a `status` is its exception;
- in the delivery of an answer, after it was served: `not_json`, `cut` (the connection ends after `fraction` of the
  body), `lost_answer` (it ends before any of it), `hold` (waits after `fraction` until released), `slow` (`seconds`
  for the body).

`storage` is where the files of exports are fetched from, as an operation; it knows `status` and the faults of delivery.
"""

from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import count
from threading import Lock
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, convert, field

from analytics_platform.simulator.api.spoiling import RecordFault
from analytics_platform.simulator.world.dice import Dice

Kind = Literal[
    "status",
    "token_revoked",
    "permission_withdrawn",
    "job_failed",
    "job_expired",
    "job_cancelled",
    "job_stuck",
    "export_failed",
    "export_partial",
    "export_stuck",
    "page_twice",
    "page_short",
    "cursor_refused",
    RecordFault,
    "watermark_back",
    "clock_skew",
    "service_deleted",
    "file_missing",
    "file_cut",
    "file_elsewhere",
    "file_held",
    "disk_full",
    "not_json",
    "cut",
    "lost_answer",
    "hold",
    "slow",
]
BEFORE: tuple[Kind, ...] = ("token_revoked", "permission_withdrawn", "status")
FATES: dict[Kind, str] = {
    "job_failed": "FAILED",
    "job_expired": "EXPIRED",
    "job_cancelled": "CANCELLED",
    "job_stuck": "PENDING",
}
EXPORT_FATES: dict[Kind, str] = {
    "export_failed": "FAILED",
    "export_partial": "COMPLETED_WITH_PARTIAL_RESULTS",
    "export_stuck": "RUNNING",
}
FILES: tuple[Kind, ...] = ("file_missing", "file_cut", "file_elsewhere", "file_held", "disk_full")
DELIVERY: tuple[Kind, ...] = ("not_json", "cut", "lost_answer", "hold", "slow")
_HELD: tuple[Kind, ...] = ("hold", "file_held")
_numbers = count(1)


class Fault(Struct, kw_only=True, forbid_unknown_fields=True):
    """One armed fault; see the module for its kinds. `fired` counts its strikes."""

    kind: Kind
    operation: str = "*"
    times: int | None = 1
    page: int | None = None
    status: int = 503
    retry_after: int | None = None
    html: bool = False
    reason: str | None = None
    fraction: float = 0.5
    seconds: float = 1.0
    hours: float = 24.0
    bytes: int = 20_000_000
    rate: Annotated[float, Meta(gt=0, le=1)] = 1.0
    seed: int = 0
    burst: Annotated[int, Meta(ge=1)] = 1
    id: int = field(default_factory=lambda: next(_numbers))
    fired: int = 0
    matched: int = 0
    made: list[str] = []
    """The ids it invented, once each."""
    released: bool = False
    waiting: int = 0
    """Answers held at this moment by a `hold`, exports by a `file_held`."""

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """From `kind:rate:seed`, for ever; ValueError says what is wrong."""
        kind, _, rest = text.partition(":")
        rate, _, seed = rest.partition(":")
        if kind not in get_args(Kind):
            raise ValueError(f"There is no fault {kind!r}. Known: {', '.join(get_args(Kind))}.")
        try:
            return convert({"kind": kind, "times": None, "rate": float(rate), "seed": int(seed or 0)}, cls)
        except ValueError:
            raise ValueError(f"A fault is kind:rate:seed, the rate above 0 and at most 1, not {text!r}.") from None

    def matches(self, operation: str, kinds: tuple[Kind, ...], page: int | None) -> bool:
        """Whether it may strike at an operation's page: it is one of the kinds and is not spent."""
        return (
            self.kind in kinds
            and fnmatchcase(operation, self.operation)
            and (self.times is None or self.fired < self.times)
            and (self.page is None or self.page == page)
        )

    def strikes(self) -> bool:
        """Whether it strikes at one match more."""
        self.matched += 1
        recent = range(max(1, self.matched - self.burst + 1), self.matched + 1)
        struck = self.rate == 1 or any(self._drawn(number) for number in recent)
        self.fired += struck
        return struck

    def _drawn(self, number: int) -> bool:
        return Dice(f"fault/{self.kind}/{self.operation}/{self.seed}/{number}").chance(self.rate)


class Faults:
    """The armed faults, in the order in which they were armed."""

    def __init__(self, armed: Iterable[Fault] = ()) -> None:
        self._armed: list[Fault] = list(armed)
        self._struck: Counter[str] = Counter()
        self._made: dict[str, None] = {}
        self._lock = Lock()

    @property
    def armed(self) -> list[Fault]:
        """Every fault since the last clearing, spent ones too."""
        return list(self._armed)

    def arm(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._armed.extend(faults)

    def clear(self) -> None:
        """Disarm everything and let go of what is held."""
        with self._lock:
            for fault in self._armed:
                fault.released, fault.times = True, 0
            self._armed = []

    def release(self) -> None:
        """Let go of every answer held now; a `hold` that is not spent holds the next one again."""
        with self._lock:
            for fault in self._armed:
                if fault.kind in _HELD:
                    fault.released = True

    def take(self, operation: str, kinds: tuple[Kind, ...], page: int | None = None) -> Fault | None:
        """The first armed fault of these kinds that strikes at an operation and page, one strike of it used up."""
        with self._lock:
            for fault in self._armed:
                if fault.matches(operation, kinds, page) and fault.strikes():
                    self._struck[fault.kind] += 1
                    if fault.kind in _HELD:
                        fault.released = False
                    return fault
        return None

    def invented(self, fault: Fault, identity: str) -> None:
        """Note an id that a fault invented."""
        with self._lock:
            self._made[identity] = None
            if identity not in fault.made:
                fault.made.append(identity)

    def tally(self) -> dict[str, Any]:
        """`{"struck": {kind: times}, "made": [ids]}` of all faults, cleared ones too, since counting began anew."""
        with self._lock:
            return {"struck": dict(sorted(self._struck.items())), "made": list(self._made)}

    def count_anew(self) -> None:
        with self._lock:
            self._struck.clear()
            self._made.clear()
