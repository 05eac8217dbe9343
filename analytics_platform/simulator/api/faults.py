"""Faults that a test arms: the only place where the simulated org misbehaves on purpose.

A fault is `{"kind", "operation", "times", ...}`. `operation` is `token`, `conversations.submit`, `users.results` and
so on, or `*`; `times` is how often it strikes (null: until cleared). Kinds:

- before the request is served: `status` (answer `status`, with `retry_after` seconds for a 429; `html` true for a body
  that is no JSON), `token_revoked`, `permission_withdrawn`;
- at a submit: `job_failed`, `job_expired`, `job_cancelled` (the job ends so), `job_stuck` (PENDING for ever);
- in a page of results (`page` counts from 0; null is any page): `record_without_id`, `record_wrong_type`,
  `record_unknown_field`, `record_fraction`, `record_duplicate`;
- in the delivery of an answer, after it was served: `not_json`, `cut` (the connection ends after `fraction` of the
  body), `lost_answer` (it ends before any of it), `hold` (waits after `fraction` until released), `slow` (`seconds`
  for the body).
"""

from collections.abc import Iterable
from itertools import count
from threading import Lock
from typing import Literal

from msgspec import Struct, field

Kind = Literal[
    "status",
    "token_revoked",
    "permission_withdrawn",
    "job_failed",
    "job_expired",
    "job_cancelled",
    "job_stuck",
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_fraction",
    "record_duplicate",
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
DELIVERY: tuple[Kind, ...] = ("not_json", "cut", "lost_answer", "hold", "slow")
RECORDS: tuple[Kind, ...] = (
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_fraction",
    "record_duplicate",
)
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
    fraction: float = 0.5
    seconds: float = 1.0
    id: int = field(default_factory=lambda: next(_numbers))
    fired: int = 0
    released: bool = False
    waiting: int = 0
    """Answers held at this moment by a `hold`."""


class Faults:
    """The armed faults, in the order in which they were armed."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
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
                if fault.kind == "hold":
                    fault.released = True

    def take(self, operation: str, kinds: tuple[Kind, ...], page: int | None = None) -> Fault | None:
        """The first armed fault of these kinds for an operation and page, one strike of it used up."""
        with self._lock:
            for fault in self._armed:
                if (
                    fault.kind in kinds
                    and fault.operation in (operation, "*")
                    and (fault.times is None or fault.fired < fault.times)
                    and (fault.page is None or fault.page == page)
                ):
                    fault.fired += 1
                    if fault.kind == "hold":
                        fault.released = False
                    return fault
        return None


def spoiled(records: list[bytes], kind: Kind, record_key: str) -> list[bytes]:
    """The records of a page with one more, spoiled: made from the first, so that only the fault is odd about it."""
    if not records:
        return records
    sound = records[0]
    if kind == "record_duplicate":
        return [*records, sound]
    if kind == "record_without_id":
        head, _, rest = sound.partition(f'"{record_key}":"'.encode())
        return [*records, (head + rest.partition(b'",')[2]) if rest else sound]
    added = {
        "record_unknown_field": b'{"aFieldNobodyKnows":{"nested":[1,"two"]},',
        "record_wrong_type": b'{"conferenceStart":["not an instant"],',
        "record_fraction": b'{"mediaStatsMinConversationMos":"high",',
    }[kind]
    other_id = sound.replace(f'"{record_key}":"'.encode(), f'"{record_key}":"f'.encode(), 1)
    return [*records, added + other_id[1:]]
