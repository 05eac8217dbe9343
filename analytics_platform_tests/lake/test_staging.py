"""Staging folders: one a process and lake, removed when it ends or, after a violent death, by the next."""

import multiprocessing
from pathlib import Path

from analytics_platform.lake import Lake
from analytics_platform_tests.lake.conftest import DAY, land
from analytics_platform_tests.lake.processes import end, python


def _folders(root: Path) -> set[Path]:
    return {entry for entry in (root / ".staging").iterdir() if entry.is_dir()}


def test_a_process_that_ends_well_leaves_no_staging_folder(root: Path) -> None:
    with python("land(lake)", root) as process:
        assert end(process) == 0
    assert _folders(root) == set()


def test_a_lake_that_is_let_go_leaves_no_staging_folder(root: Path) -> None:
    lake = Lake.open(root)
    land(lake)
    assert len(_folders(root)) == 1
    del lake
    assert _folders(root) == set()


def test_a_lake_sweeps_folders_that_nobody_holds(root: Path) -> None:
    dead = root / ".staging" / "of-a-dead-process"
    dead.mkdir(parents=True)
    (dead / "half.parquet").write_bytes(b"PAR1")
    lake = Lake.open(root)
    land(lake)
    assert not dead.exists()


def test_staging_is_no_table(lake: Lake) -> None:
    land(lake)
    assert lake.tables() == ["conversations"]


_FORKS = """
import os
with lake.stage("conversations", DAY, SCHEMA) as writer:
    writer.write(rows(3))
    staged = writer.seal({})
child = os.fork()
if child == 0:
    land(lake, name="sessions")
    sys.exit(0)  # runs the finalizers that the child inherited
assert os.waitpid(child, 0)[1] == 0
staged.publish()
"""


def test_a_forked_child_stages_in_a_folder_of_its_own(lake: Lake, root: Path) -> None:
    with python(_FORKS, root) as process:
        assert end(process) == 0
    assert lake.tables() == ["conversations", "sessions"]
    assert _folders(root) == set()


def _land_in(root: Path) -> None:
    land(Lake.open(root), name="sessions")


def test_spawned_workers_may_write(root: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_land_in, args=(root,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert Lake.open(root).days("sessions") == [DAY]
