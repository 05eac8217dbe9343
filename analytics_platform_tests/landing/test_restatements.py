"""Days read again: what the vendor changed is told record by record, once, whatever is killed in between."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS, Stream
from analytics_platform.lake import Manifest
from analytics_platform.landing.details import StagedDay
from analytics_platform.landing.restatements import COUNTS, FIELDS
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]
EARLY, LATE, LATER = "2026-03-07T00:00:00Z", "2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z"


@pytest.fixture
def changing_org(start_org: Callable[..., SimulatedOrg]) -> SimulatedOrg:
    """An org whose history changes where a test says so and nowhere else, its clock two days after the last."""
    return start_org(**UNHURRIED, late_changes=False, conversations_per_day=15, now=EARLY)


@pytest.fixture
def changing(changing_org: SimulatedOrg, workplace_at: Callable[..., Workplace]) -> Workplace:
    return workplace_at(changing_org)


def history(place: Workplace, stream: Stream = CONVERSATION_DETAILS) -> list[dict[str, Any]]:
    """What was restated of the day; none where there is no history."""
    lake, name = place.lake, stream.restatements.name
    rows: list[dict[str, Any]] = lake.read(name, DAY).to_pylist() if DAY in lake.days(name) else []
    return rows


def staged(place: Workplace, request: str) -> StagedDay:
    made = place.landing().land(DAY, request)
    assert isinstance(made, StagedDay)
    return made


def _by_id(place: Workplace, stream: Stream) -> dict[str, dict[str, Any]]:
    return {told[stream.id_field]: told for told in map(json.loads, place.raw(DAY, stream))}


def _counts(manifest: Manifest) -> dict[str, int]:
    return {name.removeprefix("restated_"): manifest.facts[name] for name in COUNTS}


def _started_on_the_day(org: SimulatedOrg, count: int) -> list[str]:
    return org.truth_conversation_ids(DAY, DAY)[:count]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_what_differs_between_two_readings_is_told_record_by_record(
    quick_org: SimulatedOrg, place: Workplace, stream: Stream
) -> None:
    quick_org.set_now("2026-03-04T12:00:00Z")
    first = place.land(DAY, stream)
    before = _by_id(place, stream)
    if stream is USER_DETAILS:
        quick_org.arm("record_unknown_field", "users.results")
    quick_org.set_now(LATE)
    second = place.land(DAY, stream, request="later")
    after = _by_id(place, stream)
    rows = history(place, stream)
    kinds = {row[stream.restatements.columns[0].name]: row["kind"] for row in rows}
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    assert changed and len(rows) == len(kinds)
    assert kinds == {
        **dict.fromkeys(after.keys() - before.keys(), "added"),
        **dict.fromkeys(before.keys() - after.keys(), "removed"),
        **dict.fromkeys(changed, "changed"),
    }
    counted = Counter({"added": 0, "changed": 0, "removed": 0})
    counted.update(kinds.values())
    assert _counts(second) == counted and second.facts["state"] == "rebuilt"
    assert all((row["fields"] != []) == (row["kind"] == "changed") for row in rows)
    for row in rows:
        assert row["previous_as_of"] == datetime.fromisoformat(first.facts["as_of"])
        assert row["as_of"] == datetime.fromisoformat(second.facts["as_of"])
        assert (row["previous_job_ids"], row["job_ids"]) == (first.facts["job_ids"], second.facts["job_ids"])
    assert place.lake.verify(stream.raw.name, DAY).rows == len(after) and place.leftovers() == []


def test_paths_say_which_fields_differ_and_the_manifest_which_most(
    changing_org: SimulatedOrg, changing: Workplace
) -> None:
    changing.land(DAY)
    before = _by_id(changing, CONVERSATION_DETAILS)
    changing_org.change("correct", conversations=_started_on_the_day(changing_org, 3), at=LATE)
    changing_org.set_now(LATE)
    told = changing.land(DAY, request="later")
    rows = history(changing)
    after = _by_id(changing, CONVERSATION_DETAILS)
    assert len(rows) == 3 and {row["home_day"] for row in rows} == {DAY}
    for row in rows:
        one, other = before[row["conversation_id"]], after[row["conversation_id"]]
        tops = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
        assert {path.partition(".")[0] for path in row["fields"]} == tops
    counted = Counter(path for row in rows for path in row["fields"])
    assert told.facts[FIELDS] == dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:20])


def test_a_first_reading_a_complete_one_after_a_provisional_and_one_without_difference_restate_nothing(
    changing_org: SimulatedOrg, changing: Workplace
) -> None:
    changing_org.set_now("2026-03-03T18:00:00Z")
    part = changing.land(DAY, provisional=True)
    changing_org.set_now(EARLY)
    whole = changing.land(DAY, request="complete")
    assert whole.rows > part.rows and not {*COUNTS, FIELDS}.intersection(part.facts, whole.facts)
    again = changing.land(DAY, request="again")
    assert _counts(again) == {"added": 0, "changed": 0, "removed": 0} and history(changing) == []


def test_the_history_of_a_day_grows_with_each_reading_that_differs(
    changing_org: SimulatedOrg, changing: Workplace
) -> None:
    changing.land(DAY)
    one, two, three = _started_on_the_day(changing_org, 3)
    changing_org.change("correct", conversations=[one], at=LATE)
    changing_org.change("correct", conversations=[one, two], at=LATER)
    changing_org.change("erase", conversations=[three], at=LATER)
    for now in (LATE, LATE, LATER):
        changing_org.set_now(now)
        changing.land(DAY, request=now)
    told = [
        (row["conversation_id"], row["kind"], row["as_of"] == datetime.fromisoformat(LATER))
        for row in history(changing)
    ]
    assert told[0] == (one, "changed", False)
    assert sorted(told[1:]) == sorted([(one, "changed", True), (two, "changed", True), (three, "removed", True)])
    (gone,) = [row for row in history(changing) if row["kind"] == "removed"]
    assert gone["home_day"] is None and gone["fields"] == []
    (manifest,) = changing.lake.manifests(CONVERSATION_DETAILS.restatements.name).values()
    assert manifest.facts["restated_removed"] == 1 and manifest.facts["restated_changed"] == 2


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_record_that_comes_twice_in_one_reading_is_no_difference(
    changing_org: SimulatedOrg, changing: Workplace, stream: Stream
) -> None:
    changing.land(DAY, stream)
    changing_org.arm("record_duplicate", f"{stream.family.name}.results")
    again = changing.land(DAY, stream, request="again")
    assert again.facts["repeated"] == 1 and again.facts["state"] == "rebuilt"
    assert _counts(again) == {"added": 0, "changed": 0, "removed": 0} and history(changing, stream) == []


def _changed(org: SimulatedOrg, place: Workplace) -> None:
    """The day has landed, and its vendor has changed it since."""
    place.land(DAY)
    org.change("correct", conversations=_started_on_the_day(org, 2), at=LATE)
    org.set_now(LATE)


def _told(place: Workplace) -> list[tuple[str, str]]:
    return [(row["conversation_id"], row["kind"]) for row in history(place)]


@pytest.mark.parametrize("killed_after", ["the history", "raw"])
def test_killed_while_publishing_the_same_job_tells_its_differences_once(
    changing_org: SimulatedOrg, changing: Workplace, killed_after: str
) -> None:
    _changed(changing_org, changing)
    begun = staged(changing, "later")
    assert begun.restated is not None
    begun.restated.publish()
    told = _told(changing)
    if killed_after == "raw":
        begun.kept.publish()
    begun.discard()
    landed = changing.land(DAY, request="later")
    assert len(told) == 2 and _told(changing) == told and _counts(landed)["changed"] == 2
    assert landed.facts[FIELDS] and changing.leftovers() == []


@pytest.mark.parametrize("meanwhile", ["nothing", "taken back"])
def test_differences_to_a_landing_that_never_came_are_left_out_when_another_comes(
    changing_org: SimulatedOrg, changing: Workplace, meanwhile: str
) -> None:
    _changed(changing_org, changing)
    begun = staged(changing, "later")
    assert begun.restated is not None
    begun.restated.publish()
    begun.discard()
    (entry,) = [each for each in changing.ledger.entries() if each.state == "submitted"]
    changing.ledger.lost(entry, "gone")
    if meanwhile == "taken back":
        changing_org.set_now(EARLY)
    landed = changing.land(DAY, request="once more")
    rows = history(changing)
    assert {tuple(row["job_ids"]) for row in rows} <= {tuple(landed.facts["job_ids"])}
    assert len(rows) == _counts(landed)["changed"] == (0 if meanwhile == "taken back" else 2)


def test_a_damaged_day_is_replaced_all_the_same(changing_org: SimulatedOrg, changing: Workplace) -> None:
    _changed(changing_org, changing)
    path = changing.folder / "lake" / CONVERSATION_DETAILS.raw.name / f"day={DAY}" / "data.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(len(whole) // 2) + whole[100 + len(whole) // 2 :])
    landed = changing.land(DAY, request="later")
    assert changing.lake.verify(CONVERSATION_DETAILS.raw.name, DAY) == landed
    assert history(changing) == [] and not {*COUNTS}.intersection(landed.facts)
