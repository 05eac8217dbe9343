"""The services a selection has, whole: listed and read one by one, or all in one answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from analytics_platform.catalogue.services import State
from analytics_platform.gms.answers import ServiceRecord
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection


@dataclass
class Course:
    """How it went, as far as the services were consumed."""

    listed: int = 0
    """Services that had an event in the range; 0 where they came in one answer."""
    gone: int = 0
    """Of these, those that were deleted before they could be read."""
    other_state: int = 0
    """Of these, those in another state than was asked for."""
    given: int = 0

    def notes(self) -> list[str]:
        """What a person should know beside the services, a sentence each."""
        told = []
        if self.gone:
            told.append(f"Deleted between the list and the reading: {self.gone}.")
        if self.other_state:
            told.append(f"Left out, as they were in another state when they were read: {self.other_state}.")
        return told


class Exported:
    """The services of a selection, to be iterated over once; `course` is up to date with what was consumed.

    One by one they are read a few ahead, and the state is that at the reading. With `content` GMS is asked once for
    all of them, which takes it long: for few services only.
    """

    def __init__(self, gms: Gms, selection: Selection, *, content: bool = False) -> None:
        self.course = Course()
        self._services = gms.content(selection) if content else self._one_by_one(gms, selection)

    def __iter__(self) -> Iterator[ServiceRecord]:
        for service in self._services:
            self.course.given += 1
            yield service

    def _one_by_one(self, gms: Gms, selection: Selection) -> Iterator[ServiceRecord]:
        listed = gms.ids(replace(selection, state=State.ANY))
        self.course.listed = len(listed.ids)
        for _, service in gms.services(listed.ids):
            if service is None:
                self.course.gone += 1
            elif selection.state is State.ANY or service.active == (selection.state is State.ACTIVE):
                yield service
            else:
                self.course.other_state += 1
