"""Serves days of any size over HTTP as the vendor would: pages are made from templates when they are asked for.

`python -m bench.generating <recording> <conversations>` prints its address and serves until it is ended. A template is
a short conversation of the recording, held once for each quarter of an hour at which it can begin; a record is made of
it by putting its number in the place of its ids. A job delivers what was alive in its interval, `CAP` records at most.
"""

import re
import sys
from datetime import UTC, datetime, time, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
from isal import igzip

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.source.intervals import interval
from bench.recording import DAY, Recording
from bench.server import Handler

CAP = 400_000
_SLOTS = 96
_TEMPLATES = 100
_LONGEST = timedelta(hours=2)
_SIZES = range(1500, 4000)
"""Bytes of JSON of a template."""
_INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_OWN_ID = re.compile(rb'("(?:conversationId|participantId|sessionId)":")[0-9a-f]{8}')
_NUMBER = b"@number@"
_MIDNIGHT = datetime.combine(DAY, time(), UTC)


class _Lived(msgspec.Struct, rename="camel"):
    conversation_start: datetime
    conversation_end: datetime | None = None


class _Page(msgspec.Struct):
    conversations: list[msgspec.Raw]


class Generated:
    """A day of so many conversations, in the order in which they start, and the jobs over it."""

    def __init__(self, recorded: Path, conversations: int) -> None:
        self.requests = 0
        self.looks = 0
        templates = _templates(recorded)
        starts = [_MIDNIGHT + timedelta(days=1) * slot / _SLOTS for slot in range(_SLOTS)]
        self._records = [[_begun(text, start, at) for text, start, _ in templates] for at in starts]
        numbers = np.arange(conversations, dtype=np.int64)
        self._slot, self._template = numbers * _SLOTS // conversations, numbers % len(templates)
        lengths = np.array([(end - start) / timedelta(milliseconds=1) for _, start, end in templates])
        self._start = self._slot * (86_400_000 / _SLOTS)
        self._end = self._start + lengths[self._template]
        self._jobs: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []

    def submit(self, asked: str) -> str:
        start, end = ((each - _MIDNIGHT) / timedelta(milliseconds=1) for each in _ends(asked))
        self._jobs.append(np.flatnonzero((self._start < end) & (self._end >= start)))
        return f"job-{len(self._jobs) - 1}"

    def page(self, job_id: str, first: int, size: int) -> bytes | None:
        """The JSON of the page that begins at a record of the job; None past the cap."""
        job = self._jobs[int(job_id.removeprefix("job-"))]
        if first >= CAP:
            return None
        records = [
            self._records[self._slot[number]][self._template[number]].replace(_NUMBER, b"%08x" % number)
            for number in job[first : first + size]
        ]
        cursor = b',"cursor":"%d"' % (first + size) if first + size < len(job) else b""
        return b'{"conversations":[' + b",".join(records) + b"]" + cursor + b"}"


class _Handler(Handler):
    served: Generated

    def get(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == CONVERSATION_JOBS.availability.path:
            self.json({"dataAvailabilityDate": "2026-03-08T18:00:00.000Z"})
        elif parts.path.endswith("/results"):
            query = parse_qs(parts.query)
            page = self.served.page(
                parts.path.split("/")[-2], int(query.get("cursor", ["0"])[0]), int(query["pageSize"][0])
            )
            if page is None:
                self.send(400, msgspec.json.encode({"message": f"Pagination may not exceed {CAP} results."}), {})
            else:
                self.send(200, igzip.compress(page, 1), {"Content-Encoding": "gzip"})
        else:
            self.served.looks += 1
            self.json({"state": "FULFILLED", "submissionDate": "2026-03-09T00:00:00.000Z"})

    def submit(self, body: dict[str, Any]) -> str:
        return self.served.submit(body["interval"])


def _templates(recorded: Path) -> list[tuple[bytes, datetime, datetime]]:
    """Short conversations of a recording that end soon after they start, their ids open; when each starts and ends."""
    found = []
    for page in Recording.read(recorded).pages:
        body = page.body(recorded)
        for record in msgspec.json.decode(body, type=_Page).conversations:
            lived = msgspec.json.decode(record, type=_Lived)
            start, end = lived.conversation_start, lived.conversation_end
            if len(record) in _SIZES and end is not None and end - start < _LONGEST:
                found.append((_OWN_ID.sub(rb"\g<1>" + _NUMBER, bytes(record)), start, end))
    return found[:_TEMPLATES]


def _begun(record: bytes, start: datetime, at: datetime) -> bytes:
    """The record of a conversation as if it had begun at another instant."""

    def moved(found: re.Match[bytes]) -> bytes:
        told = datetime.fromisoformat(found[0].decode()) - start + at
        return f"{told:%Y-%m-%dT%H:%M:%S}.{told.microsecond // 1000:03d}Z".encode()

    return _INSTANT.sub(moved, record)


def _ends(asked: str) -> tuple[datetime, datetime]:
    over = interval(asked)
    return over.start, over.end


def main(recorded: Path, conversations: int) -> None:
    """Serve until ended."""
    _Handler.served = Generated(recorded, conversations)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
