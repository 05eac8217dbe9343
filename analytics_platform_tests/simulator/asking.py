"""A plain client of the simulated org, for its tests: one token, jobs run to their end, pages followed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg

FAMILIES = {"conversations": "conversations", "users": "userDetails"}
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")


def mint(org: SimulatedOrg, client_id: str = "demo", secret: str = "demo") -> str:
    """A fresh token."""
    answer = httpx.post(
        f"{org.url}/oauth/token",
        auth=(client_id, secret),
        data={"grant_type": "client_credentials"},
        trust_env=False,
        verify=NO_TLS,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


class Asker:
    """Asks the vendor's side of an org."""

    def __init__(self, org: SimulatedOrg, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{org.url}/api/v2/analytics"
        self.http = httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=60, verify=NO_TLS)

    def submit(self, family: str, interval: str, **body: Any) -> str:
        """The id of a new job."""
        answer = self.http.post(f"/{family}/details/jobs", json={"interval": interval, **body})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])

    def status(self, family: str, job: str) -> dict[str, Any]:
        answer = self.http.get(f"/{family}/details/jobs/{job}")
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def finish(self, family: str, job: str) -> dict[str, Any]:
        """The status of a job once it has left QUEUED and PENDING."""
        while (told := self.status(family, job))["state"] in ("QUEUED", "PENDING"):
            pass
        return told

    def results(self, family: str, job: str, **query: Any) -> httpx.Response:
        return self.http.get(f"/{family}/details/jobs/{job}/results", params=query)

    def pages(self, family: str, job: str, page_size: int | None = None) -> list[dict[str, Any]]:
        """All pages of a finished job."""
        pages: list[dict[str, Any]] = []
        query: dict[str, Any] = {} if page_size is None else {"pageSize": page_size}
        while True:
            answer = self.results(family, job, **query)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            if "cursor" not in pages[-1]:
                return pages
            query["cursor"] = pages[-1]["cursor"]

    def run(self, family: str, interval: str, page_size: int | None = 1000, **body: Any) -> list[dict[str, Any]]:
        """The records a job delivers."""
        job = self.submit(family, interval, **body)
        assert self.finish(family, job)["state"] == "FULFILLED"
        key = FAMILIES[family]
        return [record for page in self.pages(family, job, page_size) for record in page.get(key, [])]

    def refused(self, family: str = "conversations", **body: Any) -> dict[str, Any]:
        """The body of the 400 a submit is refused with."""
        answer = self.http.post(f"/{family}/details/jobs", json=body)
        assert answer.status_code == 400, answer.text
        told: dict[str, Any] = answer.json()
        assert told["contextId"] == answer.headers["ININ-Correlation-Id"]
        return told

    def aggregate(self, family: str, interval: str, **body: Any) -> dict[str, Any]:
        """The answer to an aggregate query."""
        answer = self.http.post(f"/{family}/aggregates/query", json={"interval": interval, **body})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@contextmanager
def asking(org: SimulatedOrg) -> Iterator[Asker]:
    """An asker with a token of its own."""
    asker = Asker(org, mint(org))
    with asker.http:
        yield asker


def day(text: str) -> str:
    """The interval of one UTC day."""
    return f"{text}T00:00:00.000Z/{text[:8]}{int(text[8:]) + 1:02d}T00:00:00.000Z"
