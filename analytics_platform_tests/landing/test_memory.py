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
from pathlib import Path
from analytics_platform.landing.memory import Spread, use_system_allocator

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

use_system_allocator()
spread = Spread()
blocks = [bytearray(100_000) for _ in range(int(sys.argv[1]))]
lives_on = bytearray(100_000)
full = resident()
del blocks
kept = resident()
{"a look": spread.look, "new work": use_system_allocator}[sys.argv[2]]()
print(full - kept, full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another allocator than glibc's")
@pytest.mark.parametrize("when", ["a look", "new work"])
@pytest.mark.parametrize("megabytes", [90, 200])
def test_what_work_leaves_between_is_kept_until_it_is_much(megabytes: int, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEAVE, str(10 * megabytes), when], stdout=subprocess.PIPE, check=True, text=True
    )
    at_once, then = map(int, done.stdout.split())
    assert at_once < 20, "megabytes; what comes next would have them cleared anew"
    if megabytes > 112:
        assert then > megabytes * 0.8
    else:
        assert then < 20


_TAKE_AGAIN = """
from pathlib import Path
from analytics_platform.landing.memory import Spread, use_system_allocator

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

use_system_allocator()
spread = Spread()
given_back = []
for _ in range(4):
    blocks = [bytearray(100_000) for _ in range(2000)]
    lives_on = bytearray(100_000)
    full = resident()
    del blocks
    spread.look()
    given_back.append(full - resident())
print(*given_back)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another allocator than glibc's")
def test_what_work_takes_again_each_time_is_given_back_once() -> None:
    done = subprocess.run([sys.executable, "-c", _TAKE_AGAIN], stdout=subprocess.PIPE, check=True, text=True)
    first, *later = map(int, done.stdout.split())
    assert first > 150
    assert max(later) < 20, "megabytes; the next piece of work would have them cleared anew"
