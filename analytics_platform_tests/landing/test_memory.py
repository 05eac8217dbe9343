"""Where memory is taken from while days are landed."""

import os
import subprocess
import sys

import pytest

_WRITE = """
import analytics_platform, pyarrow as pa, pyarrow.parquet as pq
from analytics_platform.landing.memory import use_system_allocator
use_system_allocator()
blooms = {"id": {"ndv": 100_000, "fpp": 0.01}}
pq.write_table(pa.table({"id": [str(n) for n in range(100_000)]}), pa.BufferOutputStream(), bloom_filter_options=blooms)
print(pa.mimalloc_memory_pool().max_memory())
"""


def test_what_parquet_is_written_with_comes_from_the_c_library_too() -> None:
    clean = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    done = subprocess.run([sys.executable, "-c", _WRITE], env=clean, stdout=subprocess.PIPE, check=True, text=True)
    assert done.stdout.strip() == "0"


_LEAVE = """
import sys

import pytest
from pathlib import Path
from analytics_platform.landing.memory import Leftovers, use_system_allocator

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

use_system_allocator()
leftovers = Leftovers()
blocks = [bytearray(100_000) for _ in range(2_000)]
lives_on = bytearray(100_000)
full = resident()
del blocks
kept = resident()
leftovers.taken_in(1 << 20)
little = resident()
leftovers.taken_in(300 << 20) if sys.argv[1] == "much" else use_system_allocator()
print(full - kept, full - little, full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another allocator than glibc's")
@pytest.mark.parametrize("after", ["much", "new work"])
def test_what_work_has_left_between_is_kept_for_a_while_and_given_back_after_much_of_it_and_before_new_work(
    after: str,
) -> None:
    done = subprocess.run([sys.executable, "-c", _LEAVE, after], stdout=subprocess.PIPE, check=True, text=True)
    at_once, after_little, in_the_end = map(int, done.stdout.split())
    assert at_once < 20 and after_little < 20, "megabytes; what comes next would have them cleared anew"
    assert in_the_end > 150
