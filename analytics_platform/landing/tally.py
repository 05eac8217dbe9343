"""What is counted of a day's records while its pages go by, in memory that hardly grows."""

from array import array
from collections import Counter
from datetime import date

import numpy as np
import pyarrow as pa
import xxhash

from analytics_platform.catalogue.streams import Stream
from analytics_platform.landing.pages import PageOfRecords
from analytics_platform.tables.drift import Sample
from analytics_platform.tables.raw import RawPage

_DIGEST_RANGE = 1 << 128


class Digest:
    """Tells one set of records from another, in whatever order they come: the sum of their 128-bit XXH3."""

    def __init__(self, told: str = "0") -> None:
        """Of no record, or the one that an earlier one `told` as its text."""
        self._sum = int(told, 16)

    def add(self, digests: int) -> None:
        """Add records by the sum of their digests."""
        self._sum = (self._sum + digests) % _DIGEST_RANGE

    def take_out(self, others: "Digest") -> None:
        """Come to what this is without a set of records that it tells of."""
        self._sum = (self._sum - others._sum) % _DIGEST_RANGE

    def __str__(self) -> str:
        return f"{self._sum:032x}"


class Tally:
    """Counts and digests of one day of a stream; ids as 64-bit hashes, 8 MB for a million.

    What the rows of a page leave out, as another job of the day knows more of it, is counted and is in no digest.
    """

    def __init__(self, stream: Stream) -> None:
        self.pages = 0
        self.records = 0
        self.set_aside = 0
        self.superseded = 0
        self.forgotten = 0
        self.json_bytes = 0
        self.home_days: Counter[date] = Counter()
        self.drift = Sample(stream.model)
        self.digest = Digest()
        self.home_day_digests: dict[date, Digest] = {}
        self._stream = stream
        self._ids = array("Q")

    def add(self, page: PageOfRecords, rows: RawPage) -> None:
        """Count a page in, with the rows made of it."""
        self.pages += 1
        self.records += len(page.records)
        self.set_aside += len(rows.set_aside)
        self.forgotten += rows.forgotten
        self.superseded += len(page.records) - len(rows.kept) - len(rows.set_aside) - rows.forgotten
        self.json_bytes += page.size
        self.home_days.update(rows.home_days)
        self.drift.look(page.records)
        # One by one: a frame's hashing wakes its threads for each page, which costs ten times as much.
        ids = rows.kept[self._stream.raw.own[0].name].cast(pa.binary()).to_pylist()
        self._ids.extend(map(xxhash.xxh3_64_intdigest, ids))
        digests = [xxhash.xxh3_128_intdigest(record) for record in page.records]
        kept, aside = rows.kept["position"].to_pylist(), rows.set_aside["position"].to_pylist()
        self.digest.add(sum(digests[position] for position in (*kept, *aside)))
        of_days: Counter[date] = Counter()
        for position, homes in zip(kept, rows.homes, strict=True):
            for day in homes:
                of_days[day] += digests[position]
        for day, sums in of_days.items():
            self.home_day_digests.setdefault(day, Digest()).add(sums)

    def repeated(self) -> int:
        """Rows whose id stands in another row of the day."""
        ids = np.frombuffer(self._ids, dtype=np.uint64)
        ids.sort()
        return int(np.count_nonzero(ids[1:] == ids[:-1]))
