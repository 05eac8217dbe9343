"""Every service there is: the world's, and those put, changed and deleted while the org runs."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from threading import RLock

from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.services import Service, Services, Span
from analytics_platform.simulator.world.world import World


class ServiceBook:
    """Services by id; what is said of one here goes before what the world says."""

    def __init__(self, world: World) -> None:
        self._seed = world.options.seed
        self._world: Services | None = Services(world)
        self._whole_world = self._world
        self._own: dict[str, Service] = {}
        self._numbers = count(1)
        self._lock = RLock()

    def new_id(self) -> str:
        """An id that no service has: a number and a UUID."""
        number = next(self._numbers)
        return f"{number}-{Dice(f'new service/{self._seed}/{number}').uuid()}"

    def spans(self, start: int, end: int) -> list[Span]:
        """The spans of all services that were started or completed in `[start, end]`, by start, the gone ones too."""
        with self._lock:
            own = {service_id: service.span for service_id, service in self._own.items()}
            world = self._world
        drawn = world.spans(start, end) if world is not None else []
        found = [span for span in drawn if span.id not in own]
        found += [span for span in own.values() if any(start <= at <= end for at in _events(span))]
        return sorted(found, key=lambda span: (span.started, span.id))

    def service(self, service_id: str) -> Service | None:
        """The service with an id, also when it is gone; None where there never was one."""
        with self._lock:
            own, world = self._own.get(service_id), self._world
        return own if own is not None or world is None else world.service(service_id)

    def put(self, services: Iterable[Service]) -> None:
        """Services beside the others, each in the place of one with the same id."""
        with self._lock:
            self._own |= {service.id: service for service in services}

    def put_only(self, services: Iterable[Service]) -> None:
        """Services in the place of all others, the world's too."""
        with self._lock:
            self._own, self._world = {service.id: service for service in services}, None

    def restore(self) -> None:
        """The world's services as they are by themselves, and no others."""
        with self._lock:
            self._own, self._world = {}, self._whole_world

    def change(self, service_id: str, changed: Callable[[Service], Service]) -> Service | None:
        """Make of a service another one, at once; None where there is no such service."""
        with self._lock:
            service = self.service(service_id)
            if service is not None:
                service = self._own[service_id] = changed(service)
            return service

    def remove(self, service_id: str, at: int) -> None:
        """A service is gone from an instant on."""
        self.change(service_id, lambda service: replace(service, gone=min(service.gone, at)))


def _events(span: Span) -> tuple[int, ...]:
    return (span.started,) if span.completed is None else (span.started, span.completed)
