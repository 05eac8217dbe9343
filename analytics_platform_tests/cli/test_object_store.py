"""The whole way onto an object store: org, jobs, Dagster, lake, and SQL over what landed."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "analytics-platform"


def _run(folder: Path, lake: str, *words: str) -> str:
    dropped = ("GENESYSCLOUD", "ANALYTICS", "GMS", "DAGSTER")
    own = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    env = {**own, "ANALYTICS_PLATFORM_LAKE": lake, "COLUMNS": "200"}
    done = subprocess.run([PROGRAM, *words], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_fills_a_bucket_and_sql_reads_it(bucket: str, tmp_path: Path) -> None:
    lake = f"s3://{bucket}/lake"
    assert lake in _run(tmp_path, lake, "demo", "--days", "1", "--conversations-per-day", "20")
    query = "select day, count(*) from conversations group by day order by day desc limit 1"
    answer = _run(tmp_path, lake, "sql", "--format", "csv", query).splitlines()
    assert [line.rpartition(",")[2] for line in answer[1:]] == ["20"]
    assert not (tmp_path / "data" / "lake").exists()
    streams = json.loads(_run(tmp_path, lake, "status", "--json"))["streams"]
    assert len(streams) > 10
    landed = {stream["stream"]: stream["days"][0]["state"] for stream in streams}
    assert {state for stream, state in landed.items() if not stream.endswith("_observations")} == {"complete"}
