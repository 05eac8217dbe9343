"""What is forgotten is nowhere in the lake, stays away when it is delivered again, and takes nothing else with it."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS
from analytics_platform.lake import Lake, LakeError
from analytics_platform.lake.protection import Protection
from analytics_platform.landing.details import StagedDay
from analytics_platform.landing.forgetting import Found, Wanted, forget, look
from analytics_platform.landing.forgotten import hashed
from analytics_platform.landing.home_days import stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.named import Named
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.source.errors import NoAnswer
from analytics_platform.tables.masking import Action, Masking
from analytics_platform_tests.landing.raw_days import conversation, user, write_raw_day
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

D0 = date(2026, 3, 2)
D1 = D0 + timedelta(days=1)
NOW = datetime(2026, 11, 22, 8, 30, 0, 123456, UTC)
CONTACT, GONE, MET, OTHER = "contact-17", "conversation-gone", "conversation-met", "conversation-other"


def _of(contact: str, told: dict[str, Any]) -> dict[str, Any]:
    told["participants"][0]["externalContactId"] = contact
    return told


@pytest.fixture
def lake(folder: Path) -> Lake:
    """Two activity days: one conversation on both, two of a contact of which only the older version names it."""
    lake = Lake.open(folder / "lake")
    keyless = {"conversationId": GONE, "conversationStart": "never"}
    met = [_of(CONTACT, conversation(MET, D0, "old")), conversation(MET, D0, "new")]
    write_raw_day(lake, D0, [conversation(GONE, D0, children=2), met[0], conversation(OTHER, D0)])
    write_raw_day(lake, D1, [conversation(GONE, D0), met[1], keyless, conversation("c" * 8, D1)], asked=1)
    idle = user("user-17", (datetime(2026, 3, 2, 8, tzinfo=UTC), None, "IDLE"))
    write_raw_day(lake, D0, [idle, user("user-18")], stream=USER_DETAILS)
    for stream in STREAMS:
        for home in stale_home_days(stream, lake):
            stage_home_day(stream, lake, home).publish(lake)
    return lake


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    return Ledger(folder / "state")


def _ids(lake: Lake, table: str) -> set[str]:
    return {str(each) for day in lake.days(table) for each in lake.read(table, day)["conversation_id"].to_pylist()}


def _state(lake: Lake) -> dict[str, tuple[pa.Table, dict[str, Any]]]:
    found = {}
    for table in lake.tables():
        for day in lake.days(table):
            manifest = lake.manifest(table, day)
            assert manifest is not None
            found[f"{table}/{day}"] = lake.read(table, day), dict(manifest.facts)
    return found


def test_looking_tells_every_table_day_and_column_that_names_one(lake: Lake) -> None:
    found = look(lake, Wanted(conversations=frozenset({GONE})))
    assert found.conversations == {GONE} and found.tables == len(lake.tables())
    assert {Named("conversation_details", D1, "record", 1), Named("participants", D0, "participant_id", 1)} <= {
        *found.places
    }
    assert Named("conversation_details_quarantine", D1, "record", 1) in found.places
    assert look(lake, Wanted(conversations=frozenset({"nobody-there"}))).places == ()


def test_lists_and_categories_of_a_persons_own_table_are_looked_through_too(lake: Lake) -> None:
    own = pa.table({"kinds": pa.array([GONE, "x"]).dictionary_encode(), "lists": [["x", GONE], None], "n": [1, 2]})
    with lake.stage("of_a_person", D0, own.schema) as writer:
        writer.write(own)
        writer.seal({}).publish()
    found = look(lake, Wanted(conversations=frozenset({GONE}))).places
    assert [(each.column, each.rows) for each in found if each.table == "of_a_person"] == [("kinds", 1), ("lists", 1)]


def test_a_conversation_is_erased_from_every_table_and_no_other_is(lake: Lake, ledger: Ledger) -> None:
    gone = forget(lake, ledger, Wanted(conversations=frozenset({GONE})), NOW)
    assert look(lake, gone) == Found(frozenset({GONE}), (), len(lake.tables()))
    assert _ids(lake, "conversations") == _ids(lake, "participants") == {MET, OTHER, "c" * 8}
    assert lake.days("conversation_details_quarantine") == []
    assert stale_home_days(CONVERSATION_DETAILS, lake) == []


def test_an_external_contact_goes_with_every_conversation_that_ever_named_it(lake: Lake, ledger: Ledger) -> None:
    assert look(lake, Wanted(contacts=frozenset({CONTACT}))).conversations == {MET}
    gone = forget(lake, ledger, Wanted(contacts=frozenset({CONTACT})), NOW)
    assert gone.conversations == {MET} and look(lake, gone).places == ()
    assert _ids(lake, "conversation_details") == _ids(lake, "conversations") == {GONE, OTHER, "c" * 8}


def test_a_user_goes_with_the_statuses(lake: Lake, ledger: Ledger) -> None:
    gone = forget(lake, ledger, Wanted(users=frozenset({"user-17"})), NOW)
    assert look(lake, gone).places == ()
    assert lake.read("user_details", D0)["user_id"].to_pylist() == ["user-18"]
    assert lake.read("user_routing_status", D0).num_rows == 0 and _ids(lake, "conversations") >= {GONE, MET}


def test_a_contact_is_found_by_the_hash_that_a_policy_makes_of_it(folder: Path, ledger: Ledger) -> None:
    masking = Masking({"participants": {"external_contact_id": Action.HASH}}, redacts_raw=True, key=b"k" * 32)
    lake = Lake.open(folder / "masked", protection=Protection(masking))
    told = [_of(CONTACT, conversation(MET, D0)), conversation(OTHER, D0)]
    write_raw_day(
        lake, D0, [json.loads(masking.text("conversation_details", json.dumps(each).encode())) for each in told]
    )
    for home in stale_home_days(CONVERSATION_DETAILS, lake):
        stage_home_day(CONVERSATION_DETAILS, lake, home).publish(lake)
    assert not look(lake, Wanted(conversations=frozenset({CONTACT}))).places
    gone = forget(lake, ledger, Wanted(contacts=frozenset({CONTACT})), NOW)
    assert gone.conversations == {MET} and look(lake, gone).places == ()
    assert _ids(lake, "conversations") == _ids(lake, "conversation_details") == {OTHER}


def test_what_is_kept_of_the_forgotten_are_hashes(lake: Lake, ledger: Ledger) -> None:
    forget(lake, ledger, Wanted(contacts=frozenset({CONTACT}), users=frozenset({"user-17"})), NOW)
    forget(lake, ledger, Wanted(conversations=frozenset({GONE})), NOW)
    kept = lake.read("forgotten", NOW.date()).to_pylist()
    assert {(row["kind"], row["sha256"]) for row in kept} == {
        ("external_contact", hashed(CONTACT)),
        ("conversation", hashed(MET)),
        ("conversation", hashed(GONE)),
        ("user", hashed("user-17")),
    }


def test_killed_before_any_publication_and_asked_for_again_it_comes_to_the_same_end(
    folder: Path, lake: Lake, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Wanted(conversations=frozenset({GONE}), contacts=frozenset({CONTACT}), users=frozenset({"user-17"}))
    publish, remove = Lake._publish, Lake.remove
    left = 0
    while True:
        steps = iter(range(left))

        def stepped(step: Callable[..., None], *given: Any, steps: Any = steps) -> None:
            if next(steps, None) is None:
                raise LakeError("killed")
            step(*given)

        copy = _copy(lake, folder / f"copy-{left}")
        with monkeypatch.context() as patch:
            patch.setattr(Lake, "_publish", lambda *given: stepped(publish, *given))
            patch.setattr(Lake, "remove", lambda *given: stepped(remove, *given))
            try:
                forget(copy, ledger, wanted, NOW)
                break
            except LakeError:
                pass
        forget(copy, ledger, wanted, NOW)
        forgotten = Wanted(frozenset({GONE, MET}), frozenset({CONTACT}), frozenset({"user-17"}))
        assert look(copy, forgotten).places == (), left
        if left == 0:
            whole = _state(copy)
        assert _state(copy) == whole, left
        left += 1 if left < 8 else 9  # each write of raw, some of the typed tables
    assert left > 20


def _copy(lake: Lake, to: Path) -> Lake:
    shutil.copytree(lake.place.name, to, ignore=shutil.ignore_patterns(".*", "_*"))
    return Lake.open(to)


def test_read_again_a_day_leaves_out_what_was_forgotten_and_counts_it(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    for day in DAYS[:2]:
        place.land(day)
    place.build()
    ids = place.lake.read("conversation_details", DAYS[0])["conversation_id"].to_pylist()
    alive = [each for each in ids if each in place.lake.read("conversation_details", DAYS[1])[0].to_pylist()]
    gone = frozenset({str(alive[0]), str(ids[-1])})
    forget(place.lake, place.ledger, Wanted(conversations=gone), NOW)
    left = place.lake.manifest("conversation_details", DAYS[0])
    assert left is not None and left.facts["removed"] == 2

    again = place.land(DAYS[0], request="again")
    assert (again.facts["forgotten"], again.facts["records"], again.rows) == (2, len(ids), len(ids) - 2)
    assert again.facts["state"] == "settled" and again.facts["digest"] == left.facts["digest"]
    assert place.build() == [] and look(place.lake, Wanted(conversations=gone)).places == ()


def test_conversations_of_a_forgotten_contact_do_not_come_with_days_that_land_later(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    place.land(DAYS[0])
    records = [json.loads(each) for each in place.raw(DAYS[0])]
    contact = next(
        each["externalContactId"] for one in records for each in one["participants"] if "externalContactId" in each
    )
    forget(place.lake, place.ledger, Wanted(contacts=frozenset({contact})), NOW)
    place.lake.remove("conversation_details", DAYS[0])
    assert place.land(DAYS[0], request="again").facts["forgotten"] > 0
    assert look(place.lake, Wanted(contacts=frozenset({contact}))).conversations == frozenset()


def test_pages_that_a_killed_landing_spooled_are_thrown_away(quick_org: SimulatedOrg, place: Workplace) -> None:
    quick_org.arm("lost_answer", "conversations.results", page=2, times=None)
    with pytest.raises(NoAnswer):
        place.land(DAYS[0])
    quick_org.reset()
    assert any(path.name.startswith("page-") for path in place.leftovers())
    gone = quick_org.truth_conversation_ids(DAYS[0], DAYS[0])[0]
    forget(place.lake, place.ledger, Wanted(conversations=frozenset({gone})), NOW)
    assert place.leftovers() == []
    assert place.land(DAYS[0]).facts["forgotten"] == 1


def test_a_landing_under_way_is_waited_for_and_what_it_brings_is_erased(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    gone = frozenset({quick_org.truth_conversation_ids(DAYS[0], DAYS[0])[0]})
    staged = place.landing().land(DAYS[0], "run")
    assert isinstance(staged, StagedDay)
    with ThreadPoolExecutor(1) as threads:
        forgetting = threads.submit(forget, place.lake, place.ledger, Wanted(conversations=gone), NOW)
        while "forgotten" not in place.lake.tables():
            assert not forgetting.done()
        assert staged.publish().facts["forgotten"] == 0
        assert forgetting.result(60).conversations == gone
    manifest = place.lake.manifest("conversation_details", DAYS[0])
    assert manifest is not None and manifest.facts["removed"] == 1
    assert look(place.lake, Wanted(conversations=gone)).places == ()


def test_a_forgotten_user_is_left_out_of_the_days_before_alone(quick_org: SimulatedOrg, place: Workplace) -> None:
    place.land(DAYS[0], USER_DETAILS)
    who = str(place.lake.read("user_details", DAYS[0])["user_id"][0])
    since = datetime(2026, 3, 3, 12, tzinfo=UTC)
    forget(place.lake, place.ledger, Wanted(users=frozenset({who})), since)
    told = [place.land(day, USER_DETAILS, request="again").facts["forgotten"] for day in DAYS]
    assert told == [1, 1, 0]
