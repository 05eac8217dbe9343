"""The control interface of Context Services: services put for a test, and the truth about all of them."""

from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics_platform.simulator.api.control import PREFIX, days, lines, refused
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.reading import teller
from analytics_platform.simulator.gms.scripts import ScriptedService, figure
from analytics_platform.simulator.gms.stamps import stamp
from analytics_platform.simulator.world.instants import FOREVER, day_start


class _Script(Struct, forbid_unknown_fields=True):
    """Services written down, or the twelve of the vendor's `figure` on a UTC `day`."""

    services: list[ScriptedService] = field(default_factory=list)
    fixture: str | None = None
    day: date | None = None

    def all(self) -> list[ScriptedService]:
        if self.fixture is None:
            return self.services
        if self.fixture != "figure" or self.day is None:
            raise ValueError('The one fixture is "figure", on a day.')
        return [*self.services, *figure(day_start(self.day))]


class ServicesControl:
    """The services of one org in the hands of whoever runs it."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/services", self.services, methods=["PUT", "POST", "DELETE"]),
            Route(f"{PREFIX}/truth/services", self.truth, methods=["GET"]),
        ]

    async def services(self, request: Request) -> Response:
        """POST puts services beside others, PUT in the place of all, the world's too; DELETE gives the world's back.

        The answer is `[{"service_id", "name"}]` of those put, in their order.
        """
        book = self._org.services
        if request.method == "DELETE":
            book.restore()
            return Response(status_code=204)
        try:
            scripts = msgspec.json.decode(await request.body(), type=_Script).all()
            services = [script.service(book.new_id) for script in scripts]
        except ValueError as fault:
            return refused(str(fault))
        (book.put_only if request.method == "PUT" else book.put)(services)
        named = zip(services, scripts, strict=True)
        return JSONResponse([{"service_id": service.id, "name": script.name} for service, script in named])

    async def truth(self, request: Request) -> Response:
        """ndjson: every service whose home day lies in the days, by start, as known at the clock's instant.

        A line is `{"service": {…as a reading by id tells all of it}, "gone_at": instant or null}`; of one that is gone
        the service is what was last known.
        """
        try:
            start, end = days(request)
        except ValueError as fault:
            return refused(str(fault))
        return lines(await run_in_threadpool(lambda: iter(list(self._told(start, end)))))

    def _told(self, start: int, end: int) -> Iterator[bytes]:
        now, tell = self._org.clock.now(), teller(self._org)
        for span in self._org.services.spans(start, end - 1):
            service = self._org.services.service(span.id)
            if start <= span.started < end and span.start_known <= now and service is not None:
                gone = span.gone if span.gone <= now else FOREVER
                told = tell.service(service, min(now, gone))
                yield msgspec.json.encode({"service": told, "gone_at": stamp(gone) if gone < FOREVER else None})
