"""A Genesys contact centre in day-partitioned Parquet, run and watched in Dagster."""

import os

# Arrow reads this once, when it is loaded, and what its Parquet writer holds comes from there: see landing/memory.py.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
