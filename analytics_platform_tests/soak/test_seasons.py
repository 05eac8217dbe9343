"""Short seasons of the long simulation, each in processes of its own; `make soak` plays long ones."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
_DAYS = 10


def _played(seed: int, folder: Path) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "soak.season", str(seed), str(_DAYS), str(folder / "season")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"make soak SEED={seed} DAYS={_DAYS} plays it again\n{ended.stderr[-2000:]}"
    outcome: dict[str, Any] = json.loads(ended.stdout)
    return outcome


@pytest.mark.parametrize("seed", [5, 11])
def test_after_days_of_faults_kills_and_changes_the_lake_is_the_truth(seed: int, tmp_path: Path) -> None:
    outcome = _played(seed, tmp_path)
    assert outcome["differences"] == [] and outcome["counts"]["rested"] == 1
    assert outcome["counts"]["runs"] > 4


def test_so_it_is_with_a_seed_nobody_has_tried(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4))
    assert _played(seed, tmp_path)["differences"] == [], f"make soak SEED={seed} DAYS={_DAYS} plays it again"
