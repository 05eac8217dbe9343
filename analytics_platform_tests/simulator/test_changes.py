"""What becomes of the world after it was told, and who is told of it from when."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from analytics_platform_tests.defs.expected import expected_statuses
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day
from analytics_platform_tests.simulator.export_asking import table

NOW = "2026-03-07T00:00:00Z"
QUERY = "/conversations/details/query"
Start = Callable[..., SimulatedOrg]


@pytest.fixture
def changing(start_org: Start) -> SimulatedOrg:
    """An org of its own whose watermark is its clock; changes cannot be taken back."""
    return start_org(lag_hours=0)


@pytest.fixture
def vendor(changing: SimulatedOrg) -> Iterator[Asker]:
    with asking(changing) as client:
        yield client


def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["conversationId"]: record for record in records}


def ended(org: SimulatedOrg) -> list[str]:
    """The conversations of the first day that have ended, the shortest first."""
    told = [record for record in org.truth_conversations(DAYS[0], DAYS[0]) if "conversationEnd" in record]
    return [record["conversationId"] for record in sorted(told, key=lambda each: each["conversationEnd"])]


def counted(vendor: Asker) -> int:
    told = vendor.aggregate("conversations", day(DAYS[0]), metrics=["nConnected"])
    return sum(int(each["stats"]["count"]) for group in told.get("results", []) for each in group["data"][0]["metrics"])


def test_an_erased_conversation_is_told_by_nobody(changing: SimulatedOrg, vendor: Asker) -> None:
    gone = ended(changing)[0]
    before = counted(vendor)
    assert changing.change("erase", conversations=[gone]) == [gone]
    assert gone not in changing.truth_conversation_ids()
    assert gone not in by_id(vendor.run("conversations", day(DAYS[0])))
    assert vendor.http.get(f"/conversations/{gone}/details").status_code == 404
    assert vendor.http.get("/conversations/details", params={"id": gone}).json() == {"conversations": []}
    found = vendor.http.post(
        QUERY, json={"interval": day(DAYS[0]), "paging": {"pageSize": 100, "pageNumber": 1}}
    ).json()
    assert "conversations" in found, found
    assert found["totalHits"] == len(found["conversations"]) and gone not in by_id(found["conversations"])
    assert counted(vendor) < before


def test_aggregates_exports_and_bots_tell_what_has_changed(changing: SimulatedOrg, vendor: Asker) -> None:
    assert counted(vendor) and table(vendor, viewType="INTERACTION_DETAIL_VIEW") and table(vendor)
    flow = next(
        segment["flow"]["flowId"]
        for record in changing.truth_conversations()
        for participant in record["participants"]
        for segment in participant["sessions"]
        if participant["purpose"] == "botflow"
    )
    turns = f"/botflows/{flow}/reportingturns"
    told = vendor.http.get(turns, params={"pageSize": 250}).json()["entities"]
    gone = {name for date in DAYS for name in changing.change("erase", day=date)}
    assert counted(vendor) == 0
    assert [row["Conversation ID"] for row in table(vendor, viewType="INTERACTION_DETAIL_VIEW")] == []
    left = vendor.http.get(turns, params={"pageSize": 250}).json()["entities"]
    assert left == [turn for turn in told if turn["conversation"]["id"] not in gone] != told


def test_a_change_is_told_from_its_instant_on(changing: SimulatedOrg, vendor: Asker) -> None:
    gone = ended(changing)[0]
    changing.change("erase", conversations=[gone], at="2026-03-08T00:00:00Z")
    assert gone in by_id(vendor.run("conversations", day(DAYS[0])))
    assert [told["inForce"] for told in changing.changes()] == [False]
    changing.set_now("2026-03-08T00:00:00Z")
    assert gone not in by_id(vendor.run("conversations", day(DAYS[0])))
    assert [told["inForce"] for told in changing.changes()] == [True]


def test_a_job_tells_the_world_as_it_was_when_it_was_submitted(changing: SimulatedOrg, vendor: Asker) -> None:
    job = vendor.submit("conversations", day(DAYS[0]))
    gone = ended(changing)[0]
    changing.change("erase", conversations=[gone])
    vendor.finish("conversations", job)
    told = [record for page in vendor.pages("conversations", job) for record in page["conversations"]]
    assert gone in by_id(told)


def test_a_day_is_corrected_by_share_and_seed(start_org: Start) -> None:
    worlds = [start_org(lag_hours=0) for _ in range(2)]
    sound = by_id(worlds[0].truth_conversations())
    touched = [org.change("correct", day=DAYS[0], share=0.3, seed=5) for org in worlds]
    corrected = by_id(worlds[0].truth_conversations())
    assert touched[0] == touched[1] and 5 < len(touched[0]) < 40
    assert corrected == by_id(worlds[1].truth_conversations())
    assert {name for name in sound if sound[name] != corrected[name]} == set(touched[0])
    assert sound.keys() == corrected.keys()
    again = worlds[0].change("correct", conversations=touched[0][:1], seed=5)
    assert by_id(worlds[0].truth_conversations())[again[0]] != corrected[again[0]]


def test_a_conversation_opened_again_is_alive_in_between(changing: SimulatedOrg, vendor: Asker) -> None:
    again = ended(changing)[0]
    before = by_id(changing.truth_conversations())[again]
    changing.change("reopen", conversations=[again], at=NOW)
    assert by_id(changing.truth_conversations())[again] == before
    changing.set_now("2026-03-09T00:00:00Z")
    after = by_id(changing.truth_conversations())[again]
    assert after["conversationEnd"] > NOW > before["conversationEnd"]
    assert len(sessions(after)) + len(segments(after)) > len(sessions(before)) + len(segments(before))
    for date in ("2026-03-03", "2026-03-05", "2026-03-07"):
        assert by_id(vendor.run("conversations", day(date)))[again] == after
    assert again not in by_id(vendor.run("conversations", day("2026-03-08")))


def test_a_start_moves_to_another_day(changing: SimulatedOrg, vendor: Asker) -> None:
    late = changing.truth_conversation_ids(DAYS[0], DAYS[0])[0]
    changing.change("move_start", conversations=[late], by_ms=-86_400_000)
    moved = by_id(changing.truth_conversations())[late]
    assert moved["conversationStart"] < DAYS[0]
    assert late not in changing.truth_conversation_ids(DAYS[0], DAYS[0])
    assert moved == by_id(vendor.run("conversations", day(DAYS[0])))[late]
    assert late in by_id(vendor.run("conversations", day("2026-03-01")))
    with pytest.raises(ValueError, match="it would start after its end"):
        changing.change("move_start", conversations=[late], by_ms=40 * 86_400_000)


def test_starts_move_by_little_where_nobody_says_how_far(changing: SimulatedOrg) -> None:
    before = changing.truth_conversations()
    touched = changing.change("move_start", day=DAYS[1], share=0.2)
    after = by_id(changing.truth_conversations())
    assert touched and {
        record["conversationId"] for record in before if after[record["conversationId"]] != record
    } == set(touched)
    assert list(after) == changing.truth_conversation_ids()
    assert sorted(record["conversationStart"] for record in after.values()) == [
        record["conversationStart"] for record in after.values()
    ]


def test_what_is_late_is_not_told_before(changing: SimulatedOrg, vendor: Asker) -> None:
    sound = changing.truth_conversations()
    late = changing.change("late", day=DAYS[0], share=0.2, at="2026-03-09T00:00:00Z")
    assert late and not set(late) & set(changing.truth_conversation_ids())
    assert not set(late) & set(by_id(vendor.run("conversations", day(DAYS[0]))))
    changing.set_now("2026-03-09T00:00:00Z")
    changing.set_lag(conversations=48)
    assert changing.truth_conversations() == sound


def test_a_stuck_conversation_ends(changing: SimulatedOrg, vendor: Asker) -> None:
    stuck = [record["conversationId"] for record in changing.truth_conversations() if "conversationEnd" not in record]
    changing.change("end", conversations=stuck[:1], at="2026-03-07T12:00:00Z")
    assert "conversationEnd" not in by_id(changing.truth_conversations())[stuck[0]]
    changing.set_now("2026-03-08T12:00:00Z")
    told = by_id(changing.truth_conversations())[stuck[0]]
    assert told["conversationEnd"] == "2026-03-07T12:00:00Z"
    assert all("segmentEnd" in segment for segment in segments(told))
    assert stuck[0] not in by_id(vendor.run("conversations", day("2026-03-08")))
    with pytest.raises(ValueError, match="it is not open then"):
        changing.change("end", conversations=stuck[:1])


def test_statuses_are_corrected(changing: SimulatedOrg, vendor: Asker) -> None:
    sound = changing.truth_statuses()
    touched = changing.change("correct_status", day=DAYS[1], share=0.1, seed=3)
    told = changing.truth_statuses()
    differing = [(one, other) for one, other in zip(sound, told, strict=True) if one != other]
    assert {one["userId"] for one, _ in differing} == set(touched)
    assert {one["status"]["startTime"][:10] for one, _ in differing} == {DAYS[1]}
    record = next(each for each in vendor.run("users", day(DAYS[1])) if each["userId"] == touched[0])
    corrected = [other for _, other in differing if other["userId"] == touched[0]]
    assert all(each["status"] in record[each["family"]] for each in corrected)


def test_a_correction_changes_what_has_been_told_from_kept_bytes(changing: SimulatedOrg) -> None:
    name = ended(changing)[0]
    first = changing.truth_conversations()
    assert changing.truth_conversations() == first
    changing.change("correct", conversations=[name])
    assert changing.truth_conversations() != first


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "erase"}, "names its conversations, or the day"),
        ({"kind": "erase", "conversations": ["nobody"]}, "there is none"),
        ({"kind": "erase", "day": "2026-03-02", "share": 0}, "more than 0"),
        ({"kind": "erase", "day": "yesterday"}, "isoformat"),
        ({"kind": "correct_status"}, "the day on which the statuses began"),
        ({"kind": "correct_status", "day": "2026-03-02", "users": ["nobody"]}, "no user nobody"),
    ],
)
def test_what_cannot_be_changed_so_is_refused_and_changes_nothing(
    org: SimulatedOrg, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        org.make_changes({"kind": "erase", "day": "2026-03-02"}, asked)
    assert org.changes() == []


def test_changes_are_taken_back(changing: SimulatedOrg) -> None:
    sound = changing.truth_conversations()
    changing.change("correct", day=DAYS[0])
    assert changing.truth_conversations() != sound
    changing.take_back_changes()
    assert changing.truth_conversations() == sound and changing.changes() == []


def test_an_open_conversation_is_not_opened_again(changing: SimulatedOrg) -> None:
    still = next(each["conversationId"] for each in changing.truth_conversations() if "conversationEnd" not in each)
    with pytest.raises(ValueError, match="it has not ended then"):
        changing.change("reopen", conversations=[still])


def test_masking_masks_what_is_told_from_then_on(changing: SimulatedOrg, vendor: Asker) -> None:
    before = vendor.run("conversations", day(DAYS[0]))
    job = vendor.submit("conversations", day(DAYS[0]))
    settings = f"{changing.url}/api/v2/analytics/reporting/settings"
    assert vendor.http.patch(settings, json={"piiMaskingEnabled": True}).status_code == 200
    told = vendor.run("conversations", day(DAYS[0]))
    numbers = [session["ani"] for record in told for session in sessions(record) if "ani" in session]
    assert numbers and set(numbers) == {"****"}
    guests = [each for record in told for each in record["participants"] if each["purpose"] == "customer"]
    assert {each["participantName"] for each in guests if "participantName" in each} == {"****"}
    assert told == by_order(told, changing.truth_conversations(DAYS[0], DAYS[0]))
    vendor.finish("conversations", job)
    assert vendor.pages("conversations", job, 1000)[0]["conversations"] == before
    assert vendor.http.patch(settings, json={"piiMaskingEnabled": False}).status_code == 200
    assert vendor.run("conversations", day(DAYS[0])) == before


def by_order(told: list[dict[str, Any]], truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was told, those that the truth has as the truth has them."""
    known = by_id(truth)
    return [known.get(record["conversationId"], record) for record in told]


def sessions(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [session for participant in record["participants"] for session in participant["sessions"]]


def segments(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [segment for session in sessions(record) for segment in session["segments"]]


@pytest.mark.parametrize("seed", [15, 16])
def test_whatever_is_corrected_the_truth_can_be_told_and_no_status_is_told_twice(start_org: Start, seed: int) -> None:
    org = start_org(days=12, conversations_per_day=12, agents=3, seed=seed, lag_hours=0, now="2026-03-14T00:00:00Z")
    days = [f"2026-03-{number:02}" for number in range(2, 14)]
    for each in days:
        org.change("correct", day=each, share=1.0, seed=seed)
        org.change("correct_status", day=each, share=1.0, seed=seed)
    assert len(org.truth_conversations()) == len(org.truth_conversation_ids())
    expected_statuses(org.truth_statuses(days[0], days[-1]))
