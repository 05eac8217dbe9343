"""Where memory is taken from while days are landed."""

import os
import subprocess
import sys

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
