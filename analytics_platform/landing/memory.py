"""Where memory is taken from while days are landed and tables made, and when what is free is given back."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

import pyarrow as pa

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MAPPED_FROM = 32 << 20
"""Bytes of a block that is asked of the kernel by itself: the most that glibc takes for an answer."""
_MORE = 112 << 20
"""Bytes that work may come to hold, free ones too, before what is free is given back; free ones that are kept at the
heap's end, and that new work may find."""
_BESIDES = 16 << 20
"""Bytes more than what one piece of work takes by itself that it may come to hold."""
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
    if (library := _glibc()) is not None and library.mallinfo2().fordblks > _MORE:
        library.malloc_trim(0)


class Spread:
    """How far work has spread over memory: the longer it goes on, the more is free between what lives on.

    `look` gives back what is free where more than `_MORE` has come since the work began. Work that takes as much by
    itself has come so far again at the next look: that is then what it may hold, or it would be given back, and cleared
    by the kernel, for nothing each time.
    """

    def __init__(self) -> None:
        self._most = _resident() + _MORE
        self._given_back = False
        self._known = False

    def look(self) -> None:
        """Between two pieces of work, when little is in use."""
        if (library := _glibc()) is None:
            return
        held = _resident()
        if self._given_back and not self._known:
            self._most, self._known = max(self._most, held + _BESIDES), True
        if held > self._most:
            library.malloc_trim(0)
            # What is in use cannot be given back: the more it is, the later comes the next time.
            self._most, self._given_back = max(self._most, _resident() + _MORE // 2), True


def _resident() -> int:
    """Bytes this process has of its own in memory, as Linux tells them; 0 where nothing does."""
    if sys.platform != "linux":
        return 0
    resident, shared = map(int, Path("/proc/self/statm").read_text().split()[1:3])
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


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
    library.mallopt(_M_TRIM_THRESHOLD, _MORE)
    return library
