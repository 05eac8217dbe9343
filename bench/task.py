"""What every way is given, the pages of a day and a folder for its tables; and how it tells what they cost."""

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from bench.figures import Figures, Stopwatch, bytes_below, peak_mb
from bench.recording import RecordedPage, Recording


@dataclass(frozen=True)
class Task:
    """A recorded day, served at `url`, of which the first `pages` are to become tables below `work`."""

    way: str
    """The name the figures go by."""
    url: str
    recorded: Path
    work: Path
    pages: int
    options: tuple[str, ...]

    @classmethod
    def of_command_line(cls) -> Self:
        """The task of this process: `<way> <url> <recording> <work folder> [--pages N] [options of the way]`."""
        parser = ArgumentParser()
        parser.add_argument("way")
        parser.add_argument("url")
        parser.add_argument("recorded", type=Path)
        parser.add_argument("work", type=Path)
        parser.add_argument("--pages", type=int, default=sys.maxsize)
        told, options = parser.parse_known_args()
        return cls(told.way, told.url, told.recorded, told.work, told.pages, tuple(options))

    def recorded_pages(self) -> tuple[RecordedPage, ...]:
        """Those to be taken, for a way that has no client."""
        return Recording.read(self.recorded).pages[: self.pages]

    def sent(self) -> "Sent":
        """What the server has been sent so far."""
        return Sent(**httpx.get(f"{self.url}/requests", trust_env=False).json())

    def done(
        self, watch: Stopwatch, conversations: int, sent: "Sent | None" = None, tables: Path | None = None
    ) -> None:
        """Tell what a way without parts has cost. `sent` are its requests, and `tables` is the folder that holds its
        files, where not all of `work` does.
        """
        cpu, wall, pages = watch.cpu_seconds, watch.wall_seconds, self.recorded_pages()
        sent = sent or Sent(0, 0)
        Figures(
            way=self.way,
            conversations=conversations,
            json_mb=sum(len(page.body(self.recorded)) for page in pages) / 1e6,
            cpu_seconds=cpu,
            wall_seconds=wall,
            peak_mb=peak_mb(),
            loaded_mb=watch.loaded_mb,
            bytes_written=bytes_below(tables or self.work),
            pages=len(pages),
            requests=sent.requests,
            looks=sent.looks,
        ).print()


@dataclass(frozen=True)
class Sent:
    """Requests a server was sent, and those of them that looked at a job."""

    requests: int
    looks: int

    def __sub__(self, before: "Sent") -> "Sent":
        return Sent(self.requests - before.requests, self.looks - before.looks)
