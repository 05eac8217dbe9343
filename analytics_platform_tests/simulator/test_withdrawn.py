"""An org without what the vendor withdrew answers exactly that with 404; every other operation of the 45 is there."""

from collections.abc import Iterator

import httpx
import pytest

from analytics_platform.catalogue.operations import LISTED, Operation
from analytics_platform_tests.simulated_org import SimulatedOrg, simulated_org
from analytics_platform_tests.simulator.asking import Asker, asking


@pytest.fixture(scope="module")
def todays() -> Iterator[Asker]:
    """A client of an org as the vendor's current API is."""
    with simulated_org(withdrawn=False) as org, asking(org) as client:
        yield client


def asked(asker: Asker, org_url: str, operation: Operation) -> httpx.Response:
    """What an operation answers to a request with ids nobody knows and without a body."""
    path = operation.path.replace("{", "no-").replace("}", "")
    return asker.http.request(operation.method, org_url + path)


def missing(answer: httpx.Response, operation: Operation) -> bool:
    """Whether the org does not know the path itself: it names the path, not an id, as what was not found."""
    if answer.status_code != 404:
        return False
    path = operation.path.replace("{", "no-").replace("}", "")
    return bool(answer.json()["message"] == f"The requested resource was not found: {path}")


def test_14_of_the_45_are_withdrawn() -> None:
    assert (len(LISTED), sum(operation.withdrawn is not None for operation in LISTED)) == (45, 14)


@pytest.mark.parametrize("operation", LISTED, ids=lambda operation: operation.name)
def test_an_org_of_today_lacks_what_was_withdrawn_and_nothing_else(todays: Asker, operation: Operation) -> None:
    answer = asked(todays, str(todays.http.base_url.copy_with(path="")).rstrip("/"), operation)
    assert missing(answer, operation) == (operation.withdrawn is not None)


@pytest.mark.parametrize("operation", LISTED, ids=lambda operation: operation.name)
def test_an_org_serves_all_45_unless_told_otherwise(org: SimulatedOrg, asker: Asker, operation: Operation) -> None:
    assert not missing(asked(asker, org.url, operation), operation)
