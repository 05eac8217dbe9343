"""The control interface under `/__simulated_org__/`, a path no vendor uses: the clock, the truth, the log, the faults.

It is for whoever runs the org - a test, a demonstration - and asks for no token. Days are UTC; `from` and `to` are
both inside.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from analytics_platform.simulator.api.faults import Fault
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.user_details import user_detail
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import DAY, day_of, day_start, iso, parse
from analytics_platform.simulator.world.outline import Outline

PREFIX = "/__simulated_org__"
_LINES_AT_ONCE = 200


class ClockSetting(Struct, forbid_unknown_fields=True):
    """What can be set of the clock; what is left out stays."""

    now: str | None = None
    running: bool | None = None
    lag_hours: dict[str, float] | None = None


class Control:
    """The control interface of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/clock", self.clock, methods=["GET", "PUT"]),
            Route(f"{PREFIX}/world", self.world, methods=["GET"]),
            Route(f"{PREFIX}/truth/conversations", self.conversations, methods=["GET"]),
            Route(f"{PREFIX}/truth/conversations/ids", self.conversation_ids, methods=["GET"]),
            Route(f"{PREFIX}/truth/users", self.users, methods=["GET"]),
            Route(f"{PREFIX}/requests", self.requests, methods=["GET", "DELETE"]),
            Route(f"{PREFIX}/faults", self.faults, methods=["GET", "PUT", "POST", "DELETE"]),
            Route(f"{PREFIX}/faults/tally", self.tally, methods=["GET"]),
            Route(f"{PREFIX}/faults/release", self.release, methods=["POST"]),
        ]

    async def clock(self, request: Request) -> Response:
        """GET tells, PUT sets: `{"now", "running", "lag_hours"}`; both answer with the clock and the watermarks."""
        org = self._org
        if request.method == "PUT":
            try:
                setting = msgspec.json.decode(await request.body(), type=ClockSetting)
                now = org.clock.now() if setting.now is None else parse(setting.now)
                if unknown := set(setting.lag_hours or {}) - set(org.lag_hours):
                    raise ValueError(f"There is no job family {', '.join(unknown)}")
            except ValueError as fault:
                return refused(str(fault))
            org.clock.set(now, org.clock.running if setting.running is None else setting.running)
            org.lag_hours |= setting.lag_hours or {}
        return JSONResponse(
            {
                "now": iso(org.clock.now()),
                "running": org.clock.running,
                "lag_hours": org.lag_hours,
                "availability": {family: iso(org.availability(family)) for family in org.lag_hours},
            }
        )

    async def world(self, request: Request) -> Response:
        """The world's options and its first and last day."""
        options = self._org.world.options
        first = options.start_day
        return JSONResponse(
            {
                "seed": options.seed,
                "firstDay": first.isoformat(),
                "lastDay": day_of(day_start(first) + (options.days - 1) * DAY).isoformat(),
                "days": options.days,
                "conversationsPerDay": options.conversations_per_day,
                "agents": options.agents,
                "lateChanges": options.late_changes,
            }
        )

    def conversations(self, request: Request) -> Response:
        """ndjson: every conversation whose home day lies in the days, as known at the watermark, by start."""
        at = self._org.availability("conversations")
        try:
            edition, outlines = self._outlines(request, at)
        except ValueError as fault:
            return refused(str(fault))
        return lines(self._org.teller.conversation_json(edition, outline, at) for outline in outlines)

    def conversation_ids(self, request: Request) -> Response:
        """The ids of the same, by start: `["…", …]`."""
        try:
            _, outlines = self._outlines(request, self._org.availability("conversations"))
        except ValueError as fault:
            return refused(str(fault))
        return JSONResponse([outline.id for outline in outlines])

    def users(self, request: Request) -> Response:
        """ndjson: every status whose home day lies in the days, as known at the watermark.

        A line is `{"userId", "family": "primaryPresence"|"routingStatus", "status": {…as the vendor tells it}}`.
        """
        try:
            start, end = days(request)
        except ValueError as fault:
            return refused(str(fault))
        return lines(msgspec.json.encode(line) for line in self._statuses(start, end))

    async def requests(self, request: Request) -> Response:
        """What was asked of the vendor's side; DELETE starts counting anew, faults too."""
        told = self._org.log.told()
        if request.method == "DELETE":
            self._org.log.clear()
            self._org.faults.count_anew()
        return JSONResponse(told)

    async def faults(self, request: Request) -> Response:
        """GET tells, POST arms one or a list more, PUT puts them in the place of all, DELETE clears and releases."""
        if request.method in ("PUT", "POST"):
            try:
                told = msgspec.json.decode(await request.body(), type=Fault | list[Fault])
            except ValueError as fault:
                return refused(str(fault))
            if request.method == "PUT":
                self._org.faults.clear()
            self._org.faults.arm(told if isinstance(told, list) else [told])
        elif request.method == "DELETE":
            self._org.faults.clear()
        return Response(msgspec.json.encode(self._org.faults.armed), media_type="application/json")

    async def tally(self, request: Request) -> Response:
        """How often each kind of fault struck, cleared ones too, and every id they invented."""
        return JSONResponse(self._org.faults.tally())

    async def release(self, request: Request) -> Response:
        """Let go of every answer a `hold` holds."""
        self._org.faults.release()
        return Response(status_code=204)

    def _outlines(self, request: Request, at: int) -> tuple[Edition, Iterator[Outline]]:
        """The edition that is told now, and the outlines it has of the days asked for."""
        start, end = days(request)
        edition = self._org.edition()
        return edition, (outline for outline in edition.outlines_started(start, end) if outline.start < at)

    def _statuses(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        org = self._org
        at = org.availability("users")
        for timeline in org.edition().timelines:
            record = user_detail(timeline, start, end, at, org.world.organisation.presences)
            if record is None:
                continue
            for family in ("primaryPresence", "routingStatus"):
                for status in getattr(record, family) or ():
                    if parse(status.startTime) >= start:
                        yield {"userId": timeline.user_id, "family": family, "status": status}


def lines(records: Iterator[bytes]) -> Response:
    """ndjson, sent some hundred lines at a time."""

    def pieces() -> Iterator[bytes]:
        while piece := list(islice(records, _LINES_AT_ONCE)):
            yield b"\n".join(piece) + b"\n"

    return StreamingResponse(pieces(), media_type="application/x-ndjson")


def days(request: Request) -> tuple[int, int]:
    """The instants `[start, end)` of the days `from` to `to`, all where they are not given; ValueError for no date."""
    query = request.query_params
    first = date.fromisoformat(query["from"]) if "from" in query else date(1970, 1, 1)
    last = date.fromisoformat(query["to"]) if "to" in query else date(2200, 1, 1)
    return day_start(first), day_start(last) + DAY


def refused(message: str) -> Response:
    """400 with what is wrong."""
    return JSONResponse({"message": message}, status_code=400)
