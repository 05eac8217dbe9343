"""Which allocator memory is taken from while days are landed and tables made."""

import ctypes
import sys
from functools import cache

import pyarrow as pa

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MAPPED_FROM = 32 << 20
"""Bytes of a block that is asked of the kernel by itself: the most that glibc takes for an answer."""
_KEPT = 64 << 20
"""Bytes at the end of the heap that are kept for what comes next."""
_GIVEN_BACK_EVERY = 256 << 20
"""Bytes of JSON taken in from one giving back to the next."""
_COUNTS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Counts(ctypes.Structure):
    """What glibc's `mallinfo2` tells; `fordblks` are the bytes that are free."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _COUNTS)


def use_system_allocator() -> None:
    """Take Arrow's memory from the C library from now on; for the whole process, at hardly any cost when called again.

    A batch's arrays are made in one thread and let go of in another. pyarrow's own choice, mimalloc, then keeps more
    and has the kernel clear it again: 45 MB more at the peak and a tenth more CPU time over a day. What Arrow's Parquet
    writer holds, bloom filters above all, comes from the pool that was chosen when Arrow was loaded, which nothing but
    the environment names: the package does so when it is imported.

    The kernel clears each page it gives, which was a quarter of all CPU time while glibc asked it for every page of
    results, every row group and every batch anew, and gave them back at once. It is told to keep them: what a batch let
    go of is there for the next. What more than that work before this has left, between what lives on, is given back.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    if (library := _glibc()) is not None and library.mallinfo2().fordblks > _KEPT:
        library.malloc_trim(0)


class Leftovers:
    """What is free between blocks that live on, and grows with the length of the work.

    It is given back so seldom that clearing it again is not seen among the rest.
    """

    def __init__(self) -> None:
        self._until = _GIVEN_BACK_EVERY

    def taken_in(self, size: int) -> None:
        """Count so many bytes of JSON, and give back what is free when enough have come."""
        self._until -= size
        if self._until <= 0:
            self._until = _GIVEN_BACK_EVERY
            if (library := _glibc()) is not None:
                library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, told once what to keep; None where it is another or too old to tell what is free."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallopt") and hasattr(library, "mallinfo2")):
        return None
    library.mallinfo2.restype = _Counts
    library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT)
    return library
