"""A simulated Genesys org for tests: a process of its own, reached over HTTP alone."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients on loopback: reading the authorities a client trusts takes longer than most tests."""
_CONTROL = "/__simulated_org__"
_READY = "Simulated Genesys org listening on "


@dataclass(frozen=True)
class OrgOptions:
    """What most tests need of an org: a small fixed world, its clock standing two days after the world's last."""

    start_day: str = "2026-03-02"
    days: int = 3
    conversations_per_day: int = 60
    agents: int = 12
    seed: int = 7
    now: str = "2026-03-07T00:00:00Z"
    rate_limit: int = 1_000_000
    """Requests a minute; the vendor's 300 would slow every test down. `rate_limit=300` where it is the subject."""


def command_line(**options: Any) -> list[str]:
    """The command line of an org; each option is one of the command's, a list is given repeatedly.

    Options not given are those of OrgOptions. `True` and `False` become `--name` and `--no-name`.
    """
    given = {**vars(OrgOptions()), **options}
    words = [sys.executable, "-m", "analytics_platform.simulator", "--port", str(given.pop("port", 0))]
    for name, value in given.items():
        switch = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{switch}" if value else {"running": "--fixed"}.get(name, f"--no-{switch}"))
        elif isinstance(value, list | tuple):
            words += [word for item in value for word in (f"--{switch}", str(item))]
        elif value is not None:
            words += [f"--{switch}", str(value)]
    return words


class SimulatedOrg:
    """A running org. Its clock stands still unless told otherwise; days are UTC, `to` is inside."""

    client_id = "demo"
    client_secret = "demo"

    def __init__(self, **options: Any) -> None:
        self._process = subprocess.Popen(command_line(**options), stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(_READY):
            self.stop()
            raise RuntimeError(f"The simulated org did not start; it said {line!r}.")
        self.url = line.removeprefix(_READY).strip()
        self._http = httpx.Client(base_url=self.url + _CONTROL, timeout=60, trust_env=False, verify=NO_TLS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Ask the process to end, wait for it, and give its exit status; a second call gives it again."""
        if hasattr(self, "_http"):
            self._http.close()
        if self._process.poll() is None:
            self._process.terminate()
        status = self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    @property
    def now(self) -> str:
        """The simulated instant, as ISO-8601."""
        return str(self._get("/clock")["now"])

    def set_now(self, now: str | datetime) -> None:
        """Put the clock at an instant; whether it runs stays as it was."""
        text = now if isinstance(now, str) else now.isoformat()
        self._http.put("/clock", json={"now": text}).raise_for_status()

    def set_lag(self, **hours: float) -> None:
        """How far the watermarks trail the clock: `conversations=…, users=…`."""
        self._http.put("/clock", json={"lag_hours": hours}).raise_for_status()

    def availability(self, family: str = "conversations") -> str:
        """The watermark of a job family, as ISO-8601."""
        return str(self._get("/clock")["availability"][family])

    def world(self) -> dict[str, Any]:
        """The world's options: firstDay, lastDay, conversationsPerDay and so on."""
        told: dict[str, Any] = self._get("/world")
        return told

    def truth_conversations(
        self, from_: str | date | None = None, to: str | date | None = None
    ) -> list[dict[str, Any]]:
        """The conversations whose home day lies in the days, as known at the watermark, by conversationStart."""
        return self._lines("/truth/conversations", from_, to)

    def truth_conversation_ids(self, from_: str | date | None = None, to: str | date | None = None) -> list[str]:
        """The ids of the same, in the same order."""
        told: list[str] = self._get("/truth/conversations/ids", _days(from_, to))
        return told

    def truth_statuses(self, from_: str | date | None = None, to: str | date | None = None) -> list[dict[str, Any]]:
        """`{"userId", "family", "status"}` of the statuses whose home day lies in the days; family is
        primaryPresence or routingStatus, status as the vendor tells it at the watermark of user jobs."""
        return self._lines("/truth/users", from_, to)

    def put_services(self, *services: dict[str, Any], figure: str | date | None = None) -> dict[str, str]:
        """Put services into Context Services, each in the place of one with its id, or the twelve of the vendor's
        `figure` on a UTC day; the simulator's `gms/scripts.py` says how one is written. Gives ids by their `name`s."""
        return self._put_services("POST", services, figure)

    def put_only_services(self, *services: dict[str, Any], figure: str | date | None = None) -> dict[str, str]:
        """The same, in the place of all others, the world's too."""
        return self._put_services("PUT", services, figure)

    def restore_services(self) -> None:
        """The world's services as they are by themselves, and no others."""
        self._http.delete("/services").raise_for_status()

    def truth_services(self, from_: str | date | None = None, to: str | date | None = None) -> list[dict[str, Any]]:
        """`{"service", "gone_at"}` of the services whose home day lies in the days, as known at the clock's instant:
        all of it as a reading by id tells it, or told it before it was gone at an instant."""
        return self._lines("/truth/services", from_, to)

    def change(self, kind: str, **details: Any) -> list[str]:
        """Make a change of the world, `change("erase", conversations=[…])`; gives the ids it touched.

        The simulator's `world/changes.py` lists kinds and details.
        """
        return [touched for made in self.make_changes({"kind": kind, **details}) for touched in _touched(made)]

    def make_changes(self, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Make changes, all or none; tells them as `changes` does. ValueError says what cannot be changed so."""
        answer = self._http.post("/changes", json=asked)
        if answer.status_code == 400:
            raise ValueError(answer.json()["message"])
        made: list[dict[str, Any]] = answer.raise_for_status().json()
        return made

    def changes(self) -> list[dict[str, Any]]:
        """`{"kind", "at", "inForce", "conversations", "users"}` of every change made, the ids being those touched."""
        told: list[dict[str, Any]] = self._get("/changes")
        return told

    def take_back_changes(self) -> None:
        """The world as if nothing had ever changed."""
        self._http.delete("/changes").raise_for_status()

    def arm(self, kind: str, operation: str = "*", **details: Any) -> None:
        """Arm one fault beside those armed already; the simulator's `api/faults.py` lists kinds and details."""
        fault = {"kind": kind, "operation": operation, **details}
        self._http.post("/faults", json=fault).raise_for_status()

    def faults(self) -> list[dict[str, Any]]:
        """Every fault armed since the last clearing; `fired` counts strikes, `waiting` held answers."""
        told: list[dict[str, Any]] = self._get("/faults")
        return told

    def struck(self) -> dict[str, int]:
        """How often each kind of fault struck since the org's start or `clear_requests`, cleared ones too."""
        told: dict[str, int] = self._get("/faults/tally")["struck"]
        return told

    def made(self) -> list[str]:
        """Every id that faults invented since then, for comparisons to leave out."""
        told: list[str] = self._get("/faults/tally")["made"]
        return told

    def release(self) -> None:
        """Let go of every answer that a `hold` holds."""
        self._http.post("/faults/release").raise_for_status()

    def clear_faults(self) -> None:
        self._http.delete("/faults").raise_for_status()

    def requests(self) -> dict[str, Any]:
        """`{"total", "counts": {"GET /path/{jobId}": {"200": 3}}, "submits": [{family, clientId, jobId, body}]}`."""
        told: dict[str, Any] = self._get("/requests")
        return told

    def clear_requests(self) -> None:
        self._http.delete("/requests").raise_for_status()

    def reset(self) -> None:
        """Clear faults and the request log; the clock stays."""
        self.clear_faults()
        self.clear_requests()

    def _put_services(
        self, method: str, services: tuple[dict[str, Any], ...], figure: str | date | None
    ) -> dict[str, str]:
        script: dict[str, Any] = {"services": services}
        if figure is not None:
            script |= {"fixture": "figure", "day": str(figure)}
        answer = self._http.request(method, "/services", json=script)
        answer.raise_for_status()
        return {told["name"] or told["service_id"]: told["service_id"] for told in answer.json()}

    def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        answer = self._http.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def _lines(self, path: str, from_: str | date | None, to: str | date | None) -> list[dict[str, Any]]:
        answer = self._http.get(path, params=_days(from_, to))
        answer.raise_for_status()
        return [json.loads(line) for line in answer.content.splitlines()]


@contextmanager
def simulated_org(**options: Any) -> Iterator[SimulatedOrg]:
    """A running org for the length of a block."""
    with SimulatedOrg(**options) as org:
        yield org


def _touched(made: dict[str, Any]) -> list[str]:
    return [*made["conversations"], *made["users"]]


def _days(from_: str | date | None, to: str | date | None) -> dict[str, str]:
    return {name: str(day) for name, day in (("from", from_), ("to", to)) if day is not None}
