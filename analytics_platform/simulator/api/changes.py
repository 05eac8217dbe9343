"""The control interface of changes: what becomes of the world after it was told, and from when it is told so."""

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics_platform.simulator.api.control import PREFIX, refused
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.world.change_book import Change
from analytics_platform.simulator.world.changes import ChangeAsked
from analytics_platform.simulator.world.instants import iso


class ChangesControl:
    """The changes of one org; `world/changes.py` says how one is asked for."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        return [Route(f"{PREFIX}/changes", self.changes, methods=["GET", "POST", "DELETE"])]

    async def changes(self, request: Request) -> Response:
        """POST makes one or a list, all or none, and tells those made; DELETE takes all back; GET tells all there are:
        `[{"kind", "at", "inForce", "conversations": [ids it touched], "users": [ids]}]`."""
        org = self._org
        if request.method == "DELETE":
            org.changes.take_back()
        if request.method != "POST":
            return JSONResponse(self._told(org.changes.changes))
        try:
            asked = msgspec.json.decode(await request.body(), type=ChangeAsked | list[ChangeAsked])
            wanted = asked if isinstance(asked, list) else [asked]
            made = await run_in_threadpool(org.changes.make, wanted, org.clock.now())
        except ValueError as fault:
            return refused(str(fault))
        return JSONResponse(self._told(made))

    def _told(self, changes: Iterable[Change]) -> list[dict[str, Any]]:
        now = self._org.clock.now()
        return [
            {
                "kind": change.step.kind,
                "at": iso(change.step.at),
                "inForce": change.in_force(now),
                "conversations": [outline.id for outline in change.conversations],
                "users": list(change.users),
            }
            for change in changes
        ]
