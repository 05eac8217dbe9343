"""Serves day after day over HTTP as the vendor would: each is like the first, its instants moved.

`python -m bench.many_days <recording> <conversations a day> [<age> …]` prints its address and serves until it is ended.
The job over a day delivers what began on it, what of the day before was alive still, and for each age the first
conversation of the day so many days before.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
from isal import igzip

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.source.intervals import interval
from bench.generating import Generated
from bench.recording import DAY
from bench.server import Handler

_NEXT = DAY + timedelta(days=1)
_A_DAY = 86_400_000


class ManyDays(Generated):
    """Days of so many conversations each, from the recorded one on, and the jobs over one of them."""

    def __init__(self, recorded: Path, conversations: int, ages: Sequence[int]) -> None:
        super().__init__(recorded, conversations)
        self._size, self._ages = conversations, ages

    def delivered(self, day: date) -> list[tuple[date, int]]:
        """The conversations of a day's job: the day each began on and its number there, in the order of these."""
        before = day - timedelta(days=1)
        late = [(day - timedelta(days=age), 0) for age in sorted(self._ages, reverse=True)]
        alive = [(before, int(number)) for number in np.flatnonzero(self._end >= _A_DAY)]
        return [each for each in (*late, *alive) if each[0] >= DAY] + [(day, number) for number in range(self._size)]

    def record(self, day: date, number: int) -> bytes:
        """The record of a conversation, by the day it began on."""
        template: bytes = self._records[self._slot[number]][self._template[number]]
        ever = (day - DAY).days * self._size + number
        text = template.replace(b"@number@", b"%08x" % ever)
        moved = text.replace(_text(_NEXT), _text(day + timedelta(days=1)))
        return moved.replace(_text(DAY), _text(day)) if day != DAY else moved


def _text(day: date) -> bytes:
    return day.isoformat().encode()


class _Handler(Handler):
    served: ManyDays

    def get(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == CONVERSATION_JOBS.availability.path:
            self.json({"dataAvailabilityDate": "2036-01-01T00:00:00.000Z"})
        elif parts.path.endswith("/results"):
            query = parse_qs(parts.query)
            self._page(_day(parts.path.split("/")[-2]), int(query.get("cursor", ["0"])[0]), int(query["pageSize"][0]))
        else:
            asked = datetime.combine(_day(parts.path.split("/")[-1]), time(6), UTC) + timedelta(days=1)
            self.json({"state": "FULFILLED", "submissionDate": asked.isoformat()})

    def submit(self, body: dict[str, Any]) -> str:
        return f"job-{interval(body['interval']).start.date()}"

    def _page(self, day: date, first: int, size: int) -> None:
        delivered = self.served.delivered(day)
        records = [msgspec.Raw(self.served.record(*each)) for each in delivered[first : first + size]]
        cursor = {"cursor": str(first + size)} if first + size < len(delivered) else {}
        page = msgspec.json.encode({"conversations": records, **cursor})
        self.send(200, igzip.compress(page, 1), {"Content-Encoding": "gzip"})


def _day(job_id: str) -> date:
    return date.fromisoformat(job_id.removeprefix("job-"))


def main(recorded: Path, conversations: int, ages: Sequence[int]) -> None:
    """Serve until ended."""
    _Handler.served = ManyDays(recorded, conversations, ages)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(age) for age in sys.argv[3:]])
