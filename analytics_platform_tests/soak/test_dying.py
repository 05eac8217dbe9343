"""Deaths and full disks as the long simulation brings them about, in processes of their own."""

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from soak.dying import die_at, fill_disk


def _status(work: Callable[[], object]) -> int:
    """How a forked process ended that does some work: its exit code, or minus the signal it died by."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except OSError:
            os._exit(28)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _five_steps(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "one" / "file").write_text("first")
    (folder / "one" / "file").rename(folder / "two")
    sqlite3.connect(folder / "three.sqlite").close()
    (folder / "two").unlink()


@pytest.mark.parametrize(
    ("step", "left"),
    [(1, set()), (2, {"one"}), (3, {"one", "one/file"}), (4, {"one", "two"}), (5, {"one", "two", "three.sqlite"})],
)
def test_a_process_dies_before_the_step_it_is_to_die_at(tmp_path: Path, step: int, left: set[str]) -> None:
    def work() -> None:
        die_at(step, tmp_path)
        _five_steps(tmp_path)

    assert _status(work) == -signal.SIGKILL
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} - {"three.sqlite"} == left - {
        "three.sqlite"
    }


def test_who_takes_fewer_steps_lives_and_what_is_read_or_lies_elsewhere_is_no_step(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()

    def work() -> None:
        die_at(6, here)
        _five_steps(elsewhere)
        _five_steps(here)
        list(here.iterdir())

    assert _status(work) == 0


def test_on_a_full_disk_writing_more_is_an_error_and_what_fits_is_written(tmp_path: Path) -> None:
    def work() -> None:
        fill_disk(100)
        (tmp_path / "fits").write_bytes(b"x" * 100)
        (tmp_path / "does not").write_bytes(b"x" * 101)

    assert _status(work) == 28
    assert (tmp_path / "fits").stat().st_size == 100
