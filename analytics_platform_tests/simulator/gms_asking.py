"""A plain client of the simulated Context Services, for its tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg

EVERYTHING = {
    **dict.fromkeys(("active_states", "completed_states", "active_tasks", "completed_tasks"), "true"),
    "extensions": "*",
}
STREAM = "/maintenance/services/stream"
FILES = "/maintenance/services/files"


class GmsAsker:
    """Asks Context Services; `node` counts from 1, without one the balancer is asked."""

    def __init__(self, org: SimulatedOrg, node: int | None = None, **options: Any) -> None:
        base = f"{org.url}{f'/node-{node}' if node else ''}/genesys/1/cs"
        self.http = httpx.Client(base_url=base, trust_env=False, timeout=60, verify=NO_TLS, **options)

    def stream(self, **query: str) -> Any:
        """What the export to the stream gives."""
        answer = self.http.get(STREAM, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def service(self, service_id: str, **query: str) -> dict[str, Any]:
        """A service by its id, all of it unless a query is given."""
        answer = self.http.get(f"/services/{service_id}", params=query or EVERYTHING)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def files(self, **query: str) -> list[str]:
        """The names that an export to files gives of what it created."""
        answer = self.http.post(FILES, params=query)
        assert answer.status_code == 200, answer.text
        created: list[str] = answer.json()["created"]
        return created

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """What a change answers, None where that is nothing."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@contextmanager
def asking_gms(org: SimulatedOrg, node: int | None = None, **options: Any) -> Iterator[GmsAsker]:
    """An asker whose connections end with the block."""
    asker = GmsAsker(org, node, **options)
    with asker.http:
        yield asker


def at(day: str, time: str) -> str:
    """An instant of a UTC day, such as 08:00 or 11:59:59.999."""
    return f"{day}T{time + ':00'[: 3 * (time.count(':') == 1)]}{'' if '.' in time else '.000'}Z"


def day_of(day: str) -> dict[str, str]:
    """The range of one UTC day."""
    return {"time_from": at(day, "00:00"), "time_to": at(f"{day[:8]}{int(day[8:]) + 1:02d}", "00:00")}
