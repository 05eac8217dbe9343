"""A run that is killed in the middle of a page: the next one goes on with the vendor's job and ends the same."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

DAYS = [date(2026, 3, 2), date(2026, 3, 3)]


def kill_in_mid_page(workplace: Workplace, org: SimulatedOrg, stream: Stream, page: int) -> None:
    """Start a run in a process of its own, wait until the org holds back half of a page, and kill it."""
    org.arm("hold", f"{stream.family.name}.results", page=page)
    process = subprocess.Popen(
        [sys.executable, "-m", "analytics_platform_tests.defs.run_days", stream.raw.name, *map(str, DAYS)],
        env=workplace.environment,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: any(fault["waiting"] for fault in org.faults()), "the org holding a page back")
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=30) == -signal.SIGKILL
    finally:
        process.kill()
    org.clear_faults()


def raw_rows(workplace: Workplace, stream: Stream) -> dict[date, list[dict[str, object]]]:
    """Each day's raw rows, but for the job that delivered them."""
    return {
        day: workplace.lake.read(stream.raw.name, day).drop_columns(["job_id"]).to_pylist()
        for day in workplace.lake.days(stream.raw.name)
    }


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_run_killed_in_mid_page_is_continued_by_the_next(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path, stream: Stream
) -> None:
    org = start_org(assume=["max_page_size=5"])
    small_pages = {"page_size": 5, "jobs_in_flight": 1}
    undisturbed = Workplace(tmp_path / "undisturbed", org.url, **small_pages)
    assert undisturbed.land(stream, DAYS).success
    org.clear_requests()

    killed = Workplace(tmp_path / "killed", org.url, **small_pages)
    kill_in_mid_page(killed, org, stream, page=1)
    assert not killed.lake.days(stream.raw.name)
    pages_before = _pages_asked(org)
    assert killed.land(stream, DAYS).success

    submits = [submit["body"]["interval"][:10] for submit in org.requests()["submits"]]
    assert sorted(submits) == [day.isoformat() for day in DAYS], "the killed run's job was continued"
    assert raw_rows(killed, stream) == raw_rows(undisturbed, stream)
    pages = sum(manifest.facts["pages"] for manifest in killed.lake.manifests(stream.raw.name).values())
    # The page cut off by the kill is asked for twice, every other one once.
    assert _pages_asked(org) == pages + 1
    assert pages_before >= 2

    with killed.instance() as instance:
        recorded = instance.get_materialized_partitions(dg.AssetKey(stream.raw.name))
    assert recorded == {day.isoformat() for day in DAYS}
    assert killed.make(stream, DAYS).success and undisturbed.make(stream, DAYS).success
    for table in stream.tables:
        for day in undisturbed.lake.days(table.name):
            assert killed.lake.read(table.name, day).equals(undisturbed.lake.read(table.name, day))


def _pages_asked(org: SimulatedOrg) -> int:
    counts = org.requests()["counts"]
    return sum(sum(answers.values()) for asked, answers in counts.items() if asked.endswith("/results"))
