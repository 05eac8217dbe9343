"""`python -m soak --seed 1 --seeds 300 --days 30`: seasons, several at a time, and what they came to."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from soak.report import report


def main() -> int:
    """Play the seasons asked for; the exit code is 1 where a lake is not the truth, or a season could not be played."""
    asked = _options()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"What seasons leave behind stays in {folder} where one fails.", flush=True)
    seeds = range(asked.seed, asked.seed + asked.seeds)
    outcomes = []
    for outcome in _played(seeds, asked.days, asked.jobs, folder):
        outcomes.append(outcome)
        print(_line(outcome), flush=True)
        if asked.results is not None:
            with asked.results.open("a") as results:
                results.write(json.dumps(outcome) + "\n")
    print(report(outcomes))
    failed = [outcome for outcome in outcomes if outcome["differences"]]
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    options.add_argument("--seed", type=int, default=1, help="the first seed")
    options.add_argument("--seeds", type=int, default=1, help="how many seeds, one after another from the first")
    options.add_argument("--days", type=int, default=30, help="simulated days of each")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="seasons played at a time")
    options.add_argument("--results", type=Path, help="a file to which a line of JSON is added for each seed")
    return options.parse_args()


def _played(seeds: range, days: int, jobs: int, folder: Path) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(jobs) as pool:
        for ended in as_completed([pool.submit(_season, seed, days, folder) for seed in seeds]):
            yield ended.result()


def _season(seed: int, days: int, folder: Path) -> dict[str, Any]:
    """One season in a process of its own; what it leaves behind is removed where the lake is the truth."""
    mine = folder / f"seed-{seed}"
    ended = subprocess.run(
        [sys.executable, "-m", "soak.season", str(seed), str(days), str(mine)], capture_output=True, text=True
    )
    try:
        outcome: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        told = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"seed": seed, "days": days, "differences": [f"the season could not be played: {told}"], "counts": {}}
    if not outcome["differences"]:
        shutil.rmtree(mine, ignore_errors=True)
    return outcome


def _line(outcome: dict[str, Any]) -> str:
    seed, counts = outcome["seed"], outcome["counts"]
    if outcome["differences"]:
        again = f"make soak SEED={seed} DAYS={outcome['days']}"
        return "\n  ".join([f"seed {seed}: NOT THE TRUTH; play it again: {again}", *outcome["differences"]])
    killed = sum(count for name, count in counts.items() if name.startswith("killed"))
    spent = sum(outcome["cpu_seconds"].values())
    return f"seed {seed}: equal; {counts.get('runs', 0)} runs, {killed} killed, {spent:.0f} s of CPU"


if __name__ == "__main__":
    sys.exit(main())
