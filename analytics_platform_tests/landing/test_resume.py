"""A landing that was stopped, at whatever instant, goes on with the same job and ends as if nothing had happened."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Manifest
from analytics_platform.landing.asking import question_of
from analytics_platform.landing.details import StagedDay
from analytics_platform.landing.errors import CursorRefused
from analytics_platform.landing.ledger import Entry
from analytics_platform.source.errors import NoAnswer
from analytics_platform_tests.landing import land_one_day
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]
JOBS = "/api/v2/analytics/conversations/details/jobs"
QUESTION = question_of("org", CONVERSATION_DETAILS, DAY)


@pytest.fixture
def undisturbed(quick_org: SimulatedOrg, workplace_at: Callable[..., Workplace]) -> tuple[Manifest, list[str]]:
    """The day as landed without any trouble."""
    elsewhere = workplace_at(quick_org, "undisturbed")
    manifest = elsewhere.land(DAY)
    quick_org.clear_requests()
    return manifest, elsewhere.raw(DAY)


def _asked(org: SimulatedOrg, what: str) -> int:
    return sum(org.requests()["counts"].get(what, {}).values())


def _submits(org: SimulatedOrg) -> int:
    return len(org.requests()["submits"])


def _stopped_at(org: SimulatedOrg, place: Workplace, page: int) -> Entry:
    """The ledger's entry of a landing whose page, counted from 0, could not be had."""
    org.arm("lost_answer", "conversations.results", page=page, times=None)
    with pytest.raises(NoAnswer):
        place.land(DAY)
    org.reset()
    (entry,) = place.ledger.entries()
    assert entry.pages == page and place.lake.tables() == []
    return entry


def _same_as(undisturbed: tuple[Manifest, list[str]], place: Workplace) -> None:
    manifest = place.lake.manifest(CONVERSATION_DETAILS.raw.name, DAY)
    assert manifest is not None and place.raw(DAY) == undisturbed[1]
    for fact in ("digest", "records", "pages", "home_days", "state", "json_bytes", "repeated", "set_aside"):
        assert manifest.facts[fact] == undisturbed[0].facts[fact]
    assert [entry.state for entry in place.ledger.entries()][-1] == "landed" and place.leftovers() == []


@pytest.mark.parametrize("page", [0, 1, 2])
def test_stopped_at_any_page_the_next_run_asks_for_the_pages_left_and_for_no_other(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]], page: int
) -> None:
    _stopped_at(quick_org, place, page)
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 0
    assert _asked(quick_org, f"GET {JOBS}/{{jobId}}/results") == undisturbed[0].facts["pages"] - page


@pytest.mark.parametrize("page", [0, 2])
def test_killed_while_the_vendor_holds_a_page_the_next_run_continues_the_same_job(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]], page: int
) -> None:
    quick_org.arm("hold", "conversations.results", page=page)
    command = [sys.executable, "-m", land_one_day.__name__, quick_org.url, str(place.folder), DAY.isoformat()]
    with subprocess.Popen(command) as landing:
        while not any(fault["waiting"] for fault in quick_org.faults()):
            assert landing.poll() is None
        landing.kill()
    assert landing.returncode == -signal.SIGKILL
    quick_org.clear_faults()
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 1 and [entry.state for entry in place.ledger.entries()] == ["landed"]
    assert _asked(quick_org, f"GET {JOBS}/{{jobId}}/results") == undisturbed[0].facts["pages"] + 1


def test_killed_after_the_submit_the_job_is_taken_up(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    jobs = DetailsJobs(place.client, CONVERSATION_DETAILS.family)
    begun = place.ledger.begin(QUESTION, "run", jobs.availability())
    place.ledger.submitted(begun, jobs.submit({"interval": QUESTION.interval}))
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 1


def test_killed_during_the_submit_the_job_counts_as_lost_and_another_is_submitted(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    place.ledger.begin(QUESTION, "run", DetailsJobs(place.client, CONVERSATION_DETAILS.family).availability())
    place.land(DAY)
    _same_as(undisturbed, place)
    assert [entry.state for entry in place.ledger.entries()] == ["lost", "landed"]
    assert "not known" in (place.ledger.entries()[0].note or "")


def test_killed_before_the_publishing_the_day_is_landed_from_disk_without_asking_the_vendor(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    staged = place.landing().land(DAY, "run")
    assert isinstance(staged, StagedDay)
    staged.discard()
    quick_org.set_now("2026-03-20T00:00:00Z")  # the job has long expired
    quick_org.clear_requests()
    place.land(DAY)
    _same_as(undisturbed, place)
    assert quick_org.requests()["total"] == 0


def test_killed_between_the_publishing_and_the_ledger_the_day_is_published_again(
    place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    staged = place.landing().land(DAY, "run")
    assert isinstance(staged, StagedDay)
    staged.kept.publish()
    staged.held.close()
    place.land(DAY)
    _same_as(undisturbed, place)


@pytest.mark.parametrize("page", [0, 2])
def test_a_job_the_vendor_no_longer_knows_is_asked_anew(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]], page: int
) -> None:
    entry = _stopped_at(quick_org, place, page)
    assert entry.job_id is not None
    DetailsJobs(place.client, CONVERSATION_DETAILS.family).cancel(entry.job_id)
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 1 and [one.state for one in place.ledger.entries()] == ["lost", "landed"]


def test_a_job_that_expired_meanwhile_is_asked_anew(
    quick_org: SimulatedOrg, place: Workplace, workplace_at: Callable[..., Workplace]
) -> None:
    _stopped_at(quick_org, place, 2)
    quick_org.set_now("2026-03-08T12:00:00Z")
    place.land(DAY)
    assert _submits(quick_org) == 1 and "expired" in (place.ledger.entries()[0].note or "")
    later = workplace_at(quick_org, "later")
    _same_as((later.land(DAY), later.raw(DAY)), place)


@pytest.mark.parametrize("fate", ["job_failed", "job_cancelled", "job_expired"])
def test_a_job_in_flight_that_comes_to_nothing_is_asked_anew_once(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]], fate: str
) -> None:
    quick_org.arm(fate, "conversations.submit")
    jobs = DetailsJobs(place.client, CONVERSATION_DETAILS.family)
    begun = place.ledger.begin(QUESTION, "run", jobs.availability())
    place.ledger.submitted(begun, jobs.submit({"interval": QUESTION.interval}))
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 2


def test_a_refused_cursor_is_answered_by_reading_the_job_from_its_first_page(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    place.ledger.page_landed(_stopped_at(quick_org, place, 2), 2, "a cursor nobody knows")
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 0


def test_a_job_whose_cursors_are_refused_again_is_asked_anew_and_if_that_fails_too_the_landing_does(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    quick_org.arm("status", "conversations.results", page=2, status=400, times=None)
    with pytest.raises(CursorRefused):
        place.land(DAY)
    assert _submits(quick_org) == 2 and [entry.state for entry in place.ledger.entries()] == ["lost", "lost"]
    assert place.lake.tables() == []


@pytest.mark.parametrize("damage", ["removed", "emptied", "cut", "garbled"])
def test_a_kept_page_that_is_damaged_is_read_again_from_the_vendor(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]], damage: str
) -> None:
    spool = place.ledger.spool(_stopped_at(quick_org, place, 2))
    second = sorted(spool.glob("page-*"))[1]
    whole = second.read_bytes()
    if damage == "removed":
        second.unlink()
    else:
        second.write_bytes({"emptied": b"", "cut": whole[: len(whole) // 2], "garbled": b"\x00" * len(whole)}[damage])
    place.land(DAY)
    _same_as(undisturbed, place)
    assert _submits(quick_org) == 0


def test_a_page_half_written_when_the_run_was_killed_is_not_counted(
    quick_org: SimulatedOrg, place: Workplace, undisturbed: tuple[Manifest, list[str]]
) -> None:
    spool = place.ledger.spool(_stopped_at(quick_org, place, 1))
    (spool / ".page-000002.part").write_bytes(b'{"conversations":[')
    (spool / "page-000002.json").write_bytes(b'{"conversations":[]}')  # on disk, but the ledger never counted it
    place.land(DAY)
    _same_as(undisturbed, place)
