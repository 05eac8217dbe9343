"""Every way of bringing a day's pages into tables, and what its tables must equal."""

from dataclasses import dataclass
from pathlib import Path

from bench import dlt_equality, equality

NO_ATTRIBUTES = frozenset({"participant_attributes"})


@dataclass(frozen=True)
class Way:
    """One way: the module that runs it in a process of its own, and how its tables are held against the floor's."""

    name: str
    module: str
    options: tuple[str, ...] = ()
    slow: bool = False
    """Takes so long that it is given the first pages alone."""
    without: frozenset[str] = frozenset()
    """Tables it cannot make."""
    other_tables: bool = False
    """Makes tables of its own shape, of which what both hold is compared."""

    def refuse_unequal(self, made: Path, expected: Path) -> str:
        """What was compared and found equal; Unequal where something is not."""
        if self.other_tables:
            found = dlt_equality.refuse_unlike(made / "out", expected)
            return f"{found.values:,} values in {found.columns} columns of {found.tables} tables, by count and hash"
        return equality.refuse_unequal(self.name, made, expected, self.without)


OURS = Way("ours", "bench.ours")
IN_DAGSTER = Way("ours in Dagster", "bench.in_dagster")
WITHOUT_CHECKS = Way("ours in Dagster, no checks", "bench.in_dagster", ("--without-checks",))
FLOOR_KEEPS_RAW = Way("floor that keeps raw", "bench.floor", ("--keep-raw",))
FLOOR = Way("floor", "bench.floor")
LEAN_FLOOR = Way("lean floor that keeps raw", "bench.floor", ("--keep-raw", "--lean"))
DLT = Way("dlt", "bench.dlt_way", slow=True, other_tables=True)
SDK = Way("vendor's SDK", "bench.sdk", slow=True)
POLARS = Way("polars reads", "bench.parsers", ("--reader", "polars"), without=NO_ATTRIBUTES)
DUCKDB = Way("DuckDB reads", "bench.parsers", ("--reader", "duckdb"))
WAYS = (OURS, IN_DAGSTER, WITHOUT_CHECKS, FLOOR_KEEPS_RAW, FLOOR, LEAN_FLOOR, DLT, SDK, POLARS, DUCKDB)
