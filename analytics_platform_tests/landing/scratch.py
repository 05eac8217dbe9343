"""Folders in memory where the system has some: a partition is flushed to disk several times, a test makes hundreds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = "/dev/shm"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the length of a block."""
    with TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)
