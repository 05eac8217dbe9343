"""What a person reads when the lake cannot be written or read; nothing landed is ever harmed."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake, LakeError, LakeFull, NotWritable
from analytics_platform.lake.errors import LakeUnreachable, PartitionDamaged, told
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows
from analytics_platform_tests.lake.processes import heard, python


def _unrepeating(megabytes: int) -> pa.Table:
    """Rows that do not compress."""
    return pa.table({"noise": [os.urandom(1 << 10) for _ in range(megabytes << 10)]})


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a file system takes rights that this user lacks")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("flush", [True, False], ids=["while writing", "while sealing"])
def test_a_full_disk_is_told_and_harms_nothing(tiny_disk: Path, flush: bool) -> None:
    lake = Lake.open(tiny_disk / "lake")
    kept = land(lake, table=rows(100, version=1))
    noise = _unrepeating(2)
    with pytest.raises(LakeFull) as told_of, lake.stage("noise", DAY, noise.schema) as writer:
        writer.write(noise)
        if flush:
            writer.flush()
        writer.seal({})
    assert str(told_of.value) == (
        f"No space is left at {tiny_disk}/lake/.staging while writing noise of 2026-01-01 (ENOSPC); nothing landed "
        "was harmed: free some space or move the lake, then run again."
    )
    assert lake.verify("conversations", DAY) == kept
    assert lake.tables() == ["conversations"]
    assert list((tiny_disk / "lake" / ".staging").glob("*/*.parquet")) == []
    land(lake, table=rows(100, version=2))  # the space is free again


def test_a_full_disk_at_the_first_stage_is_told(tiny_disk: Path) -> None:
    with (tiny_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(LakeFull, match="No space is left at"):
        land(Lake.open(tiny_disk / "lake"))


_LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
land(lake, table=rows(100, version=1))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from analytics_platform_tests.lake.test_faults import _unrepeating
try:
    land(lake, table=_unrepeating(1), name="noise", layout=Layout())
except LakeError as fault:
    say(type(fault).__name__)
say(lake.verify("conversations", DAY).rows)
"""


def test_a_file_size_limit_is_told_like_a_full_disk(root: Path) -> None:
    with python(_LIMITED, root) as process:
        assert heard(process) == "LakeFull"
        assert heard(process) == "100"
    assert Lake.open(root).tables() == ["conversations"]


@pytest.mark.parametrize("place", ["a file", "no such thing"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    root = tmp_path / "file" / "lake" if place == "a file" else Path("/proc/lake")
    lake = Lake.open(root)
    for write in (lake.check_writable, lambda: land(lake)):
        with pytest.raises(NotWritable, match="set ANALYTICS_PLATFORM_LAKE to a place") as told_of:
            write()
        assert str(root) in str(told_of.value)
        assert "\n" not in str(told_of.value)


def test_a_table_folder_that_is_a_file_is_told(lake: Lake, root: Path) -> None:
    with lake.stage("conversations", DAY, SCHEMA) as writer:
        staged = writer.seal({})
    (root / "conversations").write_text("in the way")
    with pytest.raises(NotWritable, match="publishing conversations of 2026-01-01"):
        staged.publish()


def test_a_writable_place_leaves_no_trace(root: Path) -> None:
    lake = Lake.open(root)
    lake.check_writable()
    assert [path.name for path in root.rglob("*")] == [".staging"]
    assert lake.tables() == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://host/lake", "the scheme ftp:// is unknown; use a folder, s3://, gs:// or abfs://"),
        ("s3://bucket/lake?colour=blue&region=eu-west-1", "lake's URL s3://bucket/lake cannot be used"),
        ("s3://key:secret@bucket/lake?colour=blue&region=eu-west-1", "lake's URL s3://bucket/lake cannot be used"),
        ("abfs://no-account/lake", "lake's URL abfs://no-account/lake cannot be used"),
        ("lakes/team=north/lake", "cannot live below team=north"),
    ],
)
def test_addresses_that_cannot_be_used_are_told(url: str, told: str) -> None:
    with pytest.raises(LakeError) as told_of:
        Lake.open(url)
    assert told in str(told_of.value)
    assert "secret" not in str(told_of.value)


@pytest.mark.parametrize("url", ["{root}", "file://{root}"])
def test_addresses_of_a_folder(root: Path, url: str) -> None:
    land(Lake.open(url.format(root=root)))
    assert Lake.open(root).tables() == ["conversations"]


@pytest.mark.parametrize(
    ("fault", "place", "wanted"),
    [
        (OSError(errno.EDQUOT, "quota"), "/lake", LakeFull),
        (OSError(errno.EROFS, "read-only"), "/lake", NotWritable),
        (OSError("AWS Error NETWORK_CONNECTION"), "s3://lake", LakeUnreachable),
        (OSError("AWS Error UNKNOWN (HTTP status 416)"), "s3://lake", PartitionDamaged),
        (OSError("CRC checksum verification failed"), "/lake", PartitionDamaged),
        (pa.ArrowInvalid("Parquet magic bytes not found"), "/lake", PartitionDamaged),
        (OSError(errno.EIO, "the disk is broken"), "/lake", LakeError),
    ],
)
def test_each_fault_has_its_kind(fault: Exception, place: str, wanted: type[LakeError]) -> None:
    with pytest.raises(LakeError) as caught, told("writing conversations of 2026-01-01", place, writing=True):
        raise fault
    assert type(caught.value) is wanted
    assert place in str(caught.value)


def test_a_lake_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file")
    with pytest.raises(LakeError, match=r"Cannot read at .* give this user read access"):
        Lake.open(tmp_path / "lake").tables()


def test_a_full_disk_keeps_the_partition_that_would_be_replaced(tiny_disk: Path) -> None:
    lake = Lake.open(tiny_disk / "lake")
    kept = land(lake, table=rows(100, version=1))
    with pytest.raises(LakeFull), lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        while True:
            table = rows(1000).set_column(0, SCHEMA.field(0), pa.array([os.urandom(64).hex() for _ in range(1000)]))
            writer.write(table)
            writer.flush()
    assert lake.verify("conversations", DAY) == kept
