"""What opens the days of a stream: a source that tells until when its data is complete."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analytics_platform.catalogue.operations import JobFamily
from analytics_platform.connections import connected
from analytics_platform.settings import Settings


@dataclass(frozen=True)
class Opening:
    """A source's watermark by its name. `watermark` asks for it now, UTC, within a sensor's time, and raises one of the
    expected faults where it cannot be told."""

    name: str
    watermark: Callable[[Settings], datetime] = field(compare=False, repr=False)


def jobs_watermark(family: JobFamily) -> Opening:
    """The availability that a family of the vendor's jobs tells."""

    def watermark(settings: Settings) -> datetime:
        from analytics_platform.genesys_cloud.jobs import DetailsJobs

        with connected(settings, hurried=True) as client:
            return DetailsJobs(client, family).availability().astimezone(UTC)

    return Opening(family.name, watermark)
