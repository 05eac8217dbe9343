"""What is counted of a day's records while its pages go by, in memory that hardly grows."""

import hashlib
from collections import Counter
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa

from analytics_platform.landing.pages import PageOfRecords


class Tally:
    """Counts of one day, and the digest of its records in order; ids as 64-bit hashes, 8 MB for a million."""

    def __init__(self) -> None:
        self.pages = 0
        self.records = 0
        self.set_aside = 0
        self.json_bytes = 0
        self.home_days: Counter[date] = Counter()
        self.digest = hashlib.sha256()
        self._ids: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []

    def add(self, page: PageOfRecords, ids: pa.ChunkedArray, home_days: Counter[date], set_aside: int) -> None:
        """Count a page in: the ids of its kept records, on which home days they lie, how many were set aside."""
        self.pages = page.number
        self.records += len(page.records)
        self.set_aside += set_aside
        self.json_bytes += page.size
        self.home_days.update(home_days)
        self._ids.append(pl.Series(ids).hash().to_numpy())
        for record in page.records:
            self.digest.update(record)

    def repeated(self) -> int:
        """Records whose id had come before in the same job."""
        if not self._ids:
            return 0
        ids = np.sort(np.concatenate(self._ids))
        return int(np.count_nonzero(ids[1:] == ids[:-1]))
