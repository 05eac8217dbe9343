"""All that one run of the benchmark measures."""

from dataclasses import dataclass

from bench.comparison import Comparison
from bench.concurrency import Arranged
from bench.figures import Figures


@dataclass(frozen=True)
class Measurements:
    """The measurements, part by part; what was left out is empty."""

    day: Comparison
    """Every way over one recorded day."""
    large: Comparison | None
    """Ours, and ours in Dagster, over a day made of templates."""
    memory: tuple[Figures, ...]
    """Days of such conversations, each larger than the one before."""
    arranged: tuple[Arranged, ...]
    looks: tuple[tuple[float, float, Figures], ...]
    """The seconds a job took, the first pause, and what landing it cost."""
