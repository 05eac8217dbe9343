"""What every test of a day landed from files names: the day, what the org is asked, and what came of it."""

from collections.abc import Callable
from datetime import date

from analytics_platform.landing.service_file_asking import FileTimes
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = date(2026, 3, 3)
ASK = "services.files"
IMPATIENT = FileTimes(first_pause=0.01, patience=0.5, until_seen=0.1)
Places = Callable[..., ServiceFilePlace]


def asked(org: SimulatedOrg) -> list[dict[str, str]]:
    """The queries of all requests for files that the org served."""
    return [call["query"] for call in org.requests()["calls"] if call["operation"] == ASK]


def nothing_landed(place: ServiceFilePlace) -> bool:
    return place.lake.tables() == []
