"""Records taken out of raw days for good: what is left, what the manifests tell of it, and what a kill leaves."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.lake import Lake, LakeError, StagedPartition
from analytics_platform.lake.errors import KeyAway
from analytics_platform.lake.protection import Protection
from analytics_platform.lake.sealing import Sealing
from analytics_platform.landing.home_days import stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.removal import Removal, remove_records
from analytics_platform_tests.landing.raw_days import FIRST_ASKED, conversation, user, write_raw_day

D0 = date(2026, 3, 2)
D1, D2, D3 = (D0 + timedelta(days=number) for number in (1, 2, 3))
KEYLESS = {"conversationId": "gone", "conversationStart": "never"}
AS_LANDED = ("digest", "home_days", "home_day_digests", "repeated", "set_aside")


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder / "lake")


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    return Ledger(folder / "state")


def _facts(lake: Lake, day: date, stream: Stream = CONVERSATION_DETAILS) -> dict[str, Any]:
    manifest = lake.manifest(stream.raw.name, day)
    assert manifest is not None
    assert manifest.rows + manifest.facts["set_aside"] + manifest.facts.get("removed", 0) == manifest.facts["records"]
    return {name: manifest.facts[name] for name in AS_LANDED}


def _ids(lake: Lake, day: date) -> list[str]:
    return [str(each) for each in lake.read("conversation_details", day)["conversation_id"].to_pylist()]


def test_a_day_without_some_records_is_as_if_they_had_never_been_sent(lake: Lake, ledger: Ledger, folder: Path) -> None:
    others = [conversation("a", D0), conversation("b", D1), {"conversationId": "c"}]
    without = Lake.open(folder / "other")
    write_raw_day(without, D1, others)
    gone = [conversation("gone", D0), conversation("gone", D0, "again"), conversation("gone too", D1), KEYLESS]
    write_raw_day(lake, D1, [gone[0], others[0], gone[1], *others[1:], *gone[2:]], rows_a_group=2)

    assert remove_records(CONVERSATION_DETAILS, lake, ledger, {"gone", "gone too"}) == Removal({D1: 4}, (D0, D1))

    assert _ids(lake, D1) == ["a", "b"]
    assert _facts(lake, D1) == _facts(without, D1)
    left, aside = lake.manifest("conversation_details", D1), lake.manifest("conversation_details_quarantine", D1)
    assert left is not None and aside is not None and left.facts == aside.facts
    assert (left.facts["removed"], aside.rows) == (4, 1)
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, {"gone", "gone too"}) == Removal({}, ())


def test_exactly_the_home_days_of_what_was_removed_are_stale(lake: Lake, ledger: Ledger) -> None:
    write_raw_day(lake, D1, [conversation("a", D0), conversation("gone", D0), conversation("b", D1)])
    write_raw_day(lake, D2, [conversation("a", D0), conversation("c", D2)], asked=1)
    before = {home.day: home.version(CONVERSATION_DETAILS) for home in stale_home_days(CONVERSATION_DETAILS, lake)}
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"]).home_days == (D0,)
    after = {home.day: home.version(CONVERSATION_DETAILS) for home in stale_home_days(CONVERSATION_DETAILS, lake)}
    assert {day for day in before if before[day] != after[day]} == {D0}


def test_what_was_delivered_since_is_not_removed(lake: Lake, ledger: Ledger) -> None:
    write_raw_day(lake, D1, [conversation("moved", D1)], asked=1)
    write_raw_day(lake, D2, [conversation("moved", D2)], asked=2)
    removed = remove_records(
        CONVERSATION_DETAILS, lake, ledger, ["moved"], delivered_before=FIRST_ASKED + timedelta(hours=2)
    )
    assert removed.rows == {D1: 1} and _ids(lake, D1) == [] and _ids(lake, D2) == ["moved"]


def test_a_user_is_removed_from_every_home_day_of_theirs(lake: Lake, ledger: Ledger) -> None:
    early, late = datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)
    write_raw_day(lake, D1, [user("u", (early, late, "IDLE"), (late, None, "OFF_QUEUE"))], stream=USER_DETAILS)
    assert remove_records(USER_DETAILS, lake, ledger, ["u"]) == Removal({D1: 1}, (D0, D1))
    assert _facts(lake, D1, USER_DETAILS)["home_days"] == {}


def test_nothing_is_written_for_ids_that_are_nowhere(lake: Lake, ledger: Ledger) -> None:
    write_raw_day(lake, D1, [conversation("a", D1)])
    before = lake.manifest("conversation_details", D1)
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, ["nobody"]) == Removal({}, ())
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, []) == Removal({}, ())
    assert lake.manifest("conversation_details", D1) == before


@pytest.mark.parametrize("keep", [[], [{"conversationId": "c"}]], ids=["emptied", "left"])
def test_killed_between_raw_and_its_quarantine_the_counts_still_agree(
    lake: Lake, ledger: Ledger, keep: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw_day(lake, D1, [conversation("gone", D1), KEYLESS, *keep])

    def die(*_: object) -> None:
        raise LakeError("killed")

    with monkeypatch.context() as patch:
        publish = StagedPartition.publish
        patch.setattr(Lake, "remove", die)
        patch.setattr(StagedPartition, "publish", lambda self: die() if "quarantine" in self.table else publish(self))
        with pytest.raises(LakeError):
            remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"])
    assert lake.days("conversation_details_quarantine") == [D1]

    remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"])
    assert _facts(lake, D1)["set_aside"] == len(keep)
    aside = lake.manifest("conversation_details_quarantine", D1)
    assert (aside.rows if aside else 0) == len(keep)


def test_what_a_killed_landing_set_aside_before_its_raw_goes_whole(lake: Lake, ledger: Ledger) -> None:
    write_raw_day(lake, D1, [conversation("a", D1), KEYLESS])
    lake.remove("conversation_details", D1)
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"]) == Removal({}, ())
    assert lake.tables() == []


def test_an_encrypted_day_stays_so(ledger: Ledger, folder: Path) -> None:
    protection = Protection(sealing=Sealing([bytes(32)]), sealed_columns=frozenset({"record"}))
    lake = Lake.open(folder / "sealed", protection=protection)
    write_raw_day(lake, D1, [conversation("gone", D1), KEYLESS, conversation("b", D1), {"conversationId": "c"}])
    assert remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"]).rows == {D1: 2}
    manifest = lake.manifest("conversation_details", D1)
    assert manifest is not None and manifest.facts["encrypted"] == ["record"] and _ids(lake, D1) == ["b"]
    with pytest.raises(KeyAway):
        Lake.open(folder / "sealed").read("conversation_details", D1)


def test_a_day_without_such_records_is_not_waited_for(lake: Lake, ledger: Ledger) -> None:
    write_raw_day(lake, D1, [conversation("gone", D1)])
    with ledger.claim(CONVERSATION_DETAILS.name, D2):
        assert remove_records(CONVERSATION_DETAILS, lake, ledger, ["gone"]).rows == {D1: 1}
