"""Files kept as they came: whole, replaced in one step, on disk and in an object store, never taken for days."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics_platform.lake import Lake, PartitionMissing
from analytics_platform.lake.files import StagedFile
from analytics_platform_tests.lake.conftest import DAY, land

FOLDER, NAME = "export_queues_files", "export.csv"


@pytest.fixture(params=["folder", "object store"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return Lake.open(tmp_path / "lake")
    return Lake.open(f"s3://{request.getfixturevalue('bucket')}/lake", scratch=tmp_path / "scratch")


def _staged(lake: Lake, content: bytes) -> StagedFile:
    with lake.stage_file(FOLDER, DAY, NAME) as writer:
        writer.sink.write(content)
        return writer.seal()


def test_a_file_is_read_back_as_it_came_and_known_by_size_and_digest(lake: Lake) -> None:
    content = b"\xff\x00quite\r\nanything" * 70_000
    staged = _staged(lake, content)
    assert (staged.size, staged.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert staged.read() == content
    with pytest.raises(PartitionMissing):
        lake.read_file(FOLDER, DAY, NAME)
    staged.publish()
    assert lake.read_file(FOLDER, DAY, NAME) == content


def test_what_was_begun_again_holds_nothing_of_the_first_try(lake: Lake) -> None:
    with lake.stage_file(FOLDER, DAY, NAME) as writer:
        writer.sink.write(b"a first try that broke off")
        writer.sink.seek(0)
        writer.sink.truncate()
        writer.sink.write(b"whole")
        writer.seal().publish()
    assert lake.read_file(FOLDER, DAY, NAME) == b"whole"


def test_a_file_is_replaced_and_removed(lake: Lake) -> None:
    _staged(lake, b"old").publish()
    _staged(lake, b"new").publish()
    assert lake.read_file(FOLDER, DAY, NAME) == b"new"
    lake.remove_file(FOLDER, DAY, NAME)
    lake.remove_file(FOLDER, DAY, NAME)
    with pytest.raises(PartitionMissing, match=r"export_queues_files/export\.csv"):
        lake.read_file(FOLDER, DAY, NAME)


def test_a_kept_file_makes_no_table_and_no_day(lake: Lake) -> None:
    _staged(lake, b"x").publish()
    land(lake)
    assert lake.tables() == ["conversations"]
    assert lake.days(FOLDER) == []


def test_what_is_given_up_leaves_nothing(lake: Lake, tmp_path: Path) -> None:
    with lake.stage_file(FOLDER, DAY, NAME) as writer:
        writer.sink.write(b"half")
    _staged(lake, b"whole").discard()
    left = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    assert left == []


@pytest.mark.parametrize(("folder", "name"), [("Files", "export.csv"), (FOLDER, "data.parquet")])
def test_a_name_that_is_a_tables_is_refused(tmp_path: Path, folder: str, name: str) -> None:
    stage: Callable[..., object] = Lake.open(tmp_path).stage_file
    with pytest.raises(ValueError, match="cannot be kept"):
        stage(folder, DAY, name)
