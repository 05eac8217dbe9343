"""What many seasons came to, in one table: `python -m soak.report RESULTS`, of a file of lines of JSON."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_GROUPS = {
    "fault ": "Faults injected by the org",
    "change ": "Changes of the world",
    "killed ": "Killed with SIGKILL",
    "by hand ": "Done by hand",
    "retried ": "Tried again",
}


def report(outcomes: Sequence[dict[str, Any]]) -> str:
    """A table in Markdown over all outcomes."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome["counts"])
    equal = sum(not outcome["differences"] for outcome in outcomes)
    days = sum(outcome["days"] for outcome in outcomes)
    lines = [
        "| what | how many |",
        "|---|---|",
        f"| seeds | {len(outcomes)} |",
        f"| of which the lake equals the truth | {equal} |",
        f"| simulated days | {days:,} |",
        f"| runs | {counts['runs']:,} |",
        f"| requests to the org | {counts['requests']:,} |",
        f"| jobs submitted | {counts['jobs']:,} |",
        f"| runs on a full disk | {counts['full disk']:,} |",
    ]
    for prefix, title in _GROUPS.items():
        told = {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}
        each = ", ".join(f"{name} {count:,}" for name, count in told.items())
        lines.append(f"| {title} | {sum(told.values()):,}: {each} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report([json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]))
