"""The watermark of a run over many days: asked for as often as needed and no more."""

from datetime import date, datetime

from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.landing.errors import DayNotComplete
from analytics_platform.landing.states import end_of


class Watermark:
    """The watermark of a job family, asked again only where the one known does not do: it moves forward."""

    def __init__(self, jobs: DetailsJobs) -> None:
        self._jobs = jobs
        self._known: datetime | None = None

    def of(self, stream: str, day: date, *, provisional: bool) -> datetime:
        """The watermark, UTC, under which a day is landed now; DayNotComplete where it has not passed the day, unless
        part of the day will do. Raises the client's errors."""
        if self._known is None or self._known < end_of(day):
            self._known = self._jobs.availability()
        if self._known < end_of(day) and not provisional:
            raise DayNotComplete(stream, day, self._known)
        return self._known
