"""Records that are odd: twice in one job, without an id, of a wrong type, with fields nobody knows."""

import json
from collections import Counter

import pyarrow.compute as pc
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, Stream
from analytics_platform_tests.landing.raw_days import conversation, write_raw_day
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]


def _ids(place: Workplace) -> Counter[str]:
    lake = place.lake
    rows = (lake.read("conversations", day)["conversation_id"].to_pylist() for day in lake.days("conversations"))
    return Counter(str(one) for ids in rows for one in ids)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_record_delivered_twice_by_a_job_is_kept_twice_and_typed_once(
    quick_org: SimulatedOrg, place: Workplace, stream: Stream
) -> None:
    quick_org.arm("record_duplicate", f"{stream.family.name}.results")
    manifest = place.land(DAY, stream)
    assert manifest.facts["repeated"] == 1 and manifest.rows == manifest.facts["records"]
    assert len(set(place.raw(DAY, stream))) == manifest.rows - 1
    place.build(stream, [DAY])
    for table in stream.tables:
        rows = place.lake.read(table.name, DAY).select(list(table.key)).to_pylist()
        assert len({repr(row) for row in rows}) == len(rows)


def test_a_conversation_delivered_twice_has_its_children_once(quick_org: SimulatedOrg, place: Workplace) -> None:
    place.land(DAY)
    place.build(among=[DAY])
    once = place.tables(provenance=False)
    quick_org.arm("record_duplicate", "conversations.results", page=2)
    assert place.land(DAY, request="again").facts["repeated"] == 1
    assert place.build(among=[DAY]) == [DAY]
    assert place.tables(provenance=False) == once


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_record_without_id_is_set_aside_beside_raw_and_goes_when_the_day_is_sound_again(
    quick_org: SimulatedOrg, place: Workplace, stream: Stream
) -> None:
    quick_org.arm("record_without_id", f"{stream.family.name}.results")
    manifest = place.land(DAY, stream)
    assert manifest.facts["set_aside"] == 1 and manifest.rows == manifest.facts["records"] - 1
    (row,) = place.lake.read(stream.quarantine.name, DAY).to_pylist()
    assert stream.id_field in row["reason"] and row["page"] == 1 and row["job_id"] == manifest.facts["job_ids"][0]
    assert stream.id_field not in json.loads(row["record"])
    assert place.land(DAY, stream, request="again").facts["set_aside"] == 0
    assert place.lake.days(stream.quarantine.name) == []


def test_a_value_of_a_wrong_type_is_kept_raw_and_named_and_all_else_of_its_conversation_is_there(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    quick_org.arm("record_wrong_type", "conversations.results")
    manifest = place.land(DAY)
    place.build()
    assert manifest.facts["set_aside"] == 0
    name = CONVERSATION_DETAILS.typed_quarantine.name
    (home,) = place.lake.days(name)
    (row,) = place.lake.read(name, home).to_pylist()
    assert (row["path"], row["record"], row["home_day"]) == ("conferenceStart", None, home)
    assert row["reason"].endswith("where an instant is expected")
    (sent,) = [text for text in place.raw(DAY) if json.loads(text)["conversationId"] == row["conversation_id"]]
    assert not isinstance(json.loads(sent)["conferenceStart"], str | None)
    typed = place.lake.manifest("conversations", home)
    assert typed is not None and (typed.facts["set_aside"], typed.facts["values_set_aside"]) == (0, 1)
    spoiled = place.tables(provenance=False)
    place.land(DAY, request="again")
    assert home in place.build() and place.lake.days(name) == []
    sound = place.tables(provenance=False)
    odd = pc.field("conversation_id") == row["conversation_id"]  # the org sends it beside the sound ones
    assert {name: rows.filter(~odd).combine_chunks() for name, rows in spoiled.items()} == sound
    children = {name for name, rows in spoiled.items() if len(rows.filter(odd))}
    assert children >= {f"{name}/{home}" for name in ("conversations", "participants", "sessions", "segments")}


@pytest.mark.parametrize(
    ("spoiled", "path", "gone"),
    [
        ({"participants": "nobody"}, "participants", {"participants", "sessions", "session_metrics"}),
        ({"participants": [{"sessions": {}}]}, "participants[0].sessions", {"sessions", "session_metrics"}),
    ],
)
def test_children_whose_list_is_none_are_absent_and_named_and_other_conversations_untouched(
    place: Workplace, spoiled: dict[str, object], path: str, gone: set[str]
) -> None:
    lake = place.lake
    other, odd = conversation("other", DAY), conversation("odd", DAY)
    write_raw_day(lake, DAY, [other, odd | spoiled, other | {"conversationId": "third"}])
    place.build()
    (row,) = lake.read(CONVERSATION_DETAILS.typed_quarantine.name, DAY).to_pylist()
    assert (row["conversation_id"], row["path"]) == ("odd", path)
    for table in ("conversations", "participants", "sessions", "session_metrics"):
        ids = lake.read(table, DAY)["conversation_id"].to_pylist()
        assert ids == [name for name in ("other", "odd", "third") if name != "odd" or table not in gone]


def test_a_field_nobody_knows_is_kept_raw_and_stops_nothing(quick_org: SimulatedOrg, place: Workplace) -> None:
    quick_org.arm("record_unknown_field", "conversations.results")
    manifest = place.land(DAY)
    assert sum("aFieldNobodyKnows" in text for text in place.raw(DAY)) == 1
    place.build(among=[DAY])
    rows = sum(1 for home in place.lake.read("conversation_details", DAY)["home_day"].to_pylist() if home == DAY)
    assert len(place.lake.read("conversations", DAY)) == rows and manifest.facts["set_aside"] == 0
