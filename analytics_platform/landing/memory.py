"""Which allocator memory is taken from while days are landed and tables made."""

import ctypes
import sys

import pyarrow as pa

_M_MMAP_THRESHOLD = -3
_MAPPED_FROM = 1 << 20
"""Bytes of a block that is asked of the kernel by itself."""


def use_system_allocator() -> None:
    """Take Arrow's memory from the C library from now on; for the whole process, at hardly any cost when called again.

    A batch's arrays are made in one thread and let go of in another. pyarrow's own choice, mimalloc, then keeps more
    and has the kernel clear it again: 45 MB more at the peak and a tenth more CPU time over a day. What Arrow's Parquet
    writer holds, bloom filters above all, comes from the pool that was chosen when Arrow was loaded, which nothing but
    the environment names: the package does so when it is imported.

    glibc puts what is large among what is small once it has seen it freed, and what is small and lives long, as a
    file's footer does, then keeps the room between from being used again: a day of a million conversations took twice
    the memory of one of ten thousand. Told to map what is large by itself it gives all of it back. What work before
    this has left between is given back now.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM)
        library.malloc_trim(0)
