"""A reader sees one whole version of a partition, whatever happens to who writes it."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows
from analytics_platform_tests.lake.processes import end, heard, python

_READER = """
import json, threading
import duckdb
from analytics_platform.lake.frames import live_dataset
from analytics_platform.lake.views import connect

ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()

def durations(sql):
    return [row[0] for row in sql.execute("SELECT duration FROM conversations").fetchall()]

kept, frame, live = connect(lake), lake.scan("conversations"), duckdb.connect()
live.register("conversations", live_dataset(lake.place, "conversations", [DAY]))
at_first = durations(kept)
ways = {
    "read": lambda: lake.read("conversations", DAY).column("duration").to_pylist(),
    "scan": lambda: lake.scan("conversations").collect()["duration"].to_list(),
    "the same frame again": lambda: frame.collect()["duration"].to_list(),
    "sql": lambda: durations(connect(lake)),
    "sql over arrow": lambda: durations(live),
    "manifest": lambda: (lambda m: [m.facts["version"]] * m.rows)(lake.manifest("conversations", DAY)),
    "verify": lambda: (lambda m: [m.facts["version"]] * m.rows)(lake.verify("conversations", DAY)),
}
seen = {way: set() for way in ways}
say("reading")
while not ended.is_set():
    assert [p.name for p in (root / "conversations" / "day=2026-01-01").iterdir()] == ["data.parquet"]
    for way, look in ways.items():
        versions = look()
        assert len(set(versions)) == 1, (way, set(versions))
        assert len(versions) == 1000 + versions[0], (way, versions[0], len(versions))
        seen[way].add(versions[0])
    assert durations(kept) == at_first
say(json.dumps({way: sorted(versions) for way, versions in seen.items()}))
"""


def test_a_reader_always_sees_one_whole_version(lake: Lake, root: Path) -> None:
    """Version v has 1000 + v rows that all say v; 50 versions replace each other while another process reads."""
    land(lake, table=rows(1000, version=0), version=0)
    with python(_READER, root) as reader:
        assert heard(reader) == "reading"
        for version in range(1, 51):
            land(lake, table=rows(1000 + version, version=version), version=version)
        assert reader.stdin is not None
        reader.stdin.close()
        seen = json.loads(heard(reader))
    assert all(versions and set(versions) <= set(range(51)) for versions in seen.values())
    assert lake.read("conversations", DAY).num_rows == 1050


_KILLED = """
import analytics_platform.lake.local as local

with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
    if sys.argv[2] == "opened":
        say_and_wait("opened")
    writer.write(rows(2000, version=2))
    writer.flush()
    if sys.argv[2] == "half written":
        say_and_wait("half written")
    staged = writer.seal({})
    if sys.argv[2] == "sealed":
        say_and_wait("sealed")
    if sys.argv[2] == "moved, not synced":
        local.sync_folder = lambda folder: say_and_wait("moved, not synced")
    staged.publish()
    say_and_wait("published")
"""


@pytest.mark.parametrize(
    ("point", "version"),
    [("opened", 1), ("half written", 1), ("sealed", 1), ("moved, not synced", 2), ("published", 2)],
)
def test_a_killed_writer_leaves_the_old_partition_or_the_new(lake: Lake, root: Path, point: str, version: int) -> None:
    land(lake, table=rows(10, version=1))
    with python(_KILLED, root, point) as writer:
        assert heard(writer) == point
        own = set((root / ".staging").iterdir())
        writer.kill()
    assert set(lake.read("conversations", DAY).column("duration").to_pylist()) == {version}
    assert lake.verify("conversations", DAY).rows == {1: 10, 2: 2000}[version]
    assert lake.days("conversations") == [DAY]
    left = [folder for folder in own if folder.is_dir()]
    assert len(left) == 2  # the dead writer's, and that of this process

    later = Lake.open(root)  # the sweep is at a lake's first stage
    land(later, table=rows(10, version=3))
    assert set(lake.read("conversations", DAY).column("duration").to_pylist()) == {3}
    assert len([folder for folder in left if folder.exists()]) == 1


_LANDS_AND_STAYS = """
with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
    writer.write(rows(20, version=2))
    writer.flush()
    say_and_wait("half written")
    writer.seal({}).publish()
"""


def test_a_living_writer_is_not_swept(root: Path) -> None:
    with python(_LANDS_AND_STAYS, root) as writer:
        assert heard(writer) == "half written"
        land(Lake.open(root), table=rows(5, version=1))
        land(Lake.open(root), table=rows(5, version=1))
        assert end(writer) == 0
    assert Lake.open(root).read("conversations", DAY).equals(rows(20, version=2))


_LANDS_MANY = """
from datetime import timedelta
say_and_wait("ready")
for turn in range(10):
    land(Lake.open(root), table=rows(100 + turn, version=int(sys.argv[2])))
    land(lake, DAY + timedelta(days=1 + int(sys.argv[2])), name="sessions")
"""


def test_several_processes_write_at_once(lake: Lake, root: Path) -> None:
    with (
        python(_LANDS_MANY, root, 1) as one,
        python(_LANDS_MANY, root, 2) as two,
        python(_LANDS_MANY, root, 3) as three,
    ):
        for process in (one, two, three):
            assert heard(process) == "ready"
        assert [end(process) for process in (one, two, three)] == [0, 0, 0]
    assert lake.days("sessions") == [DAY + timedelta(days=1 + number) for number in (1, 2, 3)]
    assert len(set(lake.read("conversations", DAY).column("duration").to_pylist())) == 1
    assert lake.verify("conversations", DAY).rows == 109
    assert [entry.name for entry in (root / ".staging").iterdir() if entry.is_dir()] == []


def test_many_writers_at_once_in_one_process(lake: Lake) -> None:
    days = [date(2026, 2, 1) + timedelta(days=number) for number in range(20)]
    writers = [lake.stage("conversations", day, SCHEMA, LAYOUT) for day in days]
    for number, writer in enumerate(writers):
        writer.write(rows(number + 1))
    staged = [writer.seal({}) for writer in writers]
    assert lake.days("conversations") == []
    for partition in staged:
        partition.publish()
    assert {day: manifest.rows for day, manifest in lake.manifests("conversations").items()} == {
        day: number + 1 for number, day in enumerate(days)
    }


def test_remove_and_publish_meet(lake: Lake, root: Path) -> None:
    """The empty folder goes away with its partition; a publish at that moment makes it again."""
    with python("for _ in range(200): lake.remove('conversations', DAY)\nsay('done')", root) as remover:
        for _ in range(50):
            land(lake)
        assert heard(remover) == "done"
    land(lake)
    assert lake.read("conversations", DAY).num_rows == 3
