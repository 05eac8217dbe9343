"""Faults that a test arms: the only place where the simulated org misbehaves on purpose.

A fault is `{"kind", "operation", "times", ...}`. `operation` is a pattern: `token`, `conversations.submit`,
`users.results`, `*.status`, `*`; `times` is how often it strikes (null: until cleared). `page` lets it strike at one
page of results only, counted from 0. Kinds:

- before the request is served: `status` (answer `status`, with `retry_after` seconds, which a 429 always has; `html`
  true for a body that is no JSON), `token_revoked` (all tokens, of all clients), `permission_withdrawn`;
- at a submit: `job_failed`, `job_expired`, `job_cancelled` (the job ends so), `job_stuck` (PENDING for ever);
- at an export's request: `export_failed` (with `reason`, an exportErrorMessagesType), `export_partial` (the file holds
  the first half of its rows), `export_stuck` (RUNNING for ever);
- in a page of results, one record more, made from the page's first:
  `record_without_id`, `record_wrong_type`, `record_unknown_field`, `record_fraction` (a metric's value is not whole),
  `record_duplicate` (the same record again);
- of Context Services: `service_deleted` (the service read, gone before the answer); at an export to files
  `file_missing` (the last of the files named is never written), `file_cut` (the first ends after `fraction` for good),
  `file_elsewhere` (the first is named in another folder, `reason` or one above), `file_held` (all wait after `fraction`
  until released, the answer does not), `disk_full` (500 after `fraction`); `reason` of a `status` is its exception;
- in the delivery of an answer, after it was served: `not_json`, `cut` (the connection ends after `fraction` of the
  body), `lost_answer` (it ends before any of it), `hold` (waits after `fraction` until released), `slow` (`seconds`
  for the body).

`storage` is where the files of exports are fetched from, as an operation; it knows `status` and the faults of delivery.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
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
    "export_failed",
    "export_partial",
    "export_stuck",
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_fraction",
    "record_duplicate",
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
RECORDS: tuple[Kind, ...] = (
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_fraction",
    "record_duplicate",
)
_HELD: tuple[Kind, ...] = ("hold", "file_held")
_WHOLE_VALUE = re.compile(rb'"value":\d+')
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
    id: int = field(default_factory=lambda: next(_numbers))
    fired: int = 0
    released: bool = False
    waiting: int = 0
    """Answers held at this moment by a `hold`, exports by a `file_held`."""


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
                if fault.kind in _HELD:
                    fault.released = True

    def take(self, operation: str, kinds: tuple[Kind, ...], page: int | None = None) -> Fault | None:
        """The first armed fault of these kinds for an operation and page, one strike of it used up."""
        with self._lock:
            for fault in self._armed:
                if (
                    fault.kind in kinds
                    and fnmatchcase(operation, fault.operation)
                    and (fault.times is None or fault.fired < fault.times)
                    and (fault.page is None or fault.page == page)
                ):
                    fault.fired += 1
                    if fault.kind in _HELD:
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
    changed = re.sub(f'("{record_key}":")(.)'.encode(), _another_digit, sound, count=1)
    if kind == "record_fraction":
        return [*records, _WHOLE_VALUE.sub(rb"\g<0>.5", changed, count=1)]
    added = b'"aFieldNobodyKnows":{"nested":[1,"two"]},'
    if kind == "record_wrong_type":
        key = b"conferenceStart" if record_key == "conversationId" else b"primaryPresence"
        changed = _without(changed, key)
        added = b'"' + key + b'":["not an instant"],'
    return [*records, b"{" + added + changed[1:]]


def _without(record: bytes, key: bytes) -> bytes:
    """The record with a top-level text or list of plain objects taken out, where it has it."""
    return re.sub(b'"' + key + rb'":("[^"]*"|\[[^\]]*\]),?', b"", record, count=1)


def _another_digit(found: re.Match[bytes]) -> bytes:
    return found[1] + (b"e" if found[2] == b"f" else b"f")
