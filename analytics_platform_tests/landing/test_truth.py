"""The lake after three days, against what the world says it should hold."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS, Stream
from analytics_platform.catalogue.tables import conversation_tables, table
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.workplace import DAYS, PROVENANCE, Workplace, connected
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.tables.slow_flattener import slow_statuses, slow_tables


@pytest.fixture(scope="module")
def landed(landing_org: SimulatedOrg) -> Iterator[Workplace]:
    landing_org.reset()
    landing_org.set_now(OrgOptions.now)
    with connected(landing_org.url) as client, scratch() as folder:
        place = Workplace(client, folder)
        for stream in STREAMS:
            for day in DAYS:
                place.land(day, stream)
            place.build(stream)
        yield place


def row_of(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """The values of a row in the columns' order, without provenance."""
    values = [row[column.name] for column in table(name).columns if column.name not in PROVENANCE]
    return tuple(value.isoformat() if isinstance(value, datetime) else repr(value) for value in values)


def landed_rows(landed: Workplace, name: str) -> Counter[tuple[str, ...]]:
    rows = (row for day in landed.lake.days(name) for row in landed.lake.read(name, day).to_pylist())
    return Counter(row_of(row, name) for row in rows)


def test_every_conversation_of_the_world_is_there_in_its_newest_version_with_all_its_children(
    landing_org: SimulatedOrg, landed: Workplace
) -> None:
    truth = [one for one in landing_org.truth_conversations() if one.get("conversationEnd", "9") >= DAYS[0].isoformat()]
    expected = slow_tables(truth)
    for one in conversation_tables():
        assert landed_rows(landed, one.name) == Counter(row_of(row, one.name) for row in expected[one.name]), one.name
    assert len(expected["conversations"]) == len(truth) > 180


def test_every_conversation_lies_on_its_home_day_and_on_no_other(landed: Workplace) -> None:
    for day in landed.lake.days("conversations"):
        starts = landed.lake.read("conversations", day)["conversation_start"].to_pylist()
        assert {start.date() for start in starts} <= {day}
    ids = [
        row
        for day in landed.lake.days("conversations")
        for row in landed.lake.read("conversations", day)["conversation_id"].to_pylist()
    ]
    assert len(ids) == len(set(ids))


def test_every_status_of_the_three_days_is_there_once_in_its_newest_version(
    landing_org: SimulatedOrg, landed: Workplace
) -> None:
    records = [
        {"userId": told["userId"], told["family"]: [told["status"]]}
        for told in landing_org.truth_statuses(DAYS[0], DAYS[-1])
    ]
    for name, rows in slow_statuses(records).items():
        found = Counter(row_of(row, name) for day in DAYS for row in landed.lake.read(name, day).to_pylist())
        assert found == Counter(row_of(row, name) for row in rows if row["start_time"].date() in DAYS)
        assert found


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_raw_holds_each_delivered_record_and_its_manifest_counts_them(landed: Workplace, stream: Stream) -> None:
    for day in DAYS:
        manifest = landed.lake.manifest(stream.raw.name, day)
        assert manifest is not None
        facts, texts = manifest.facts, landed.raw(day, stream)
        assert facts["records"] == manifest.rows == len(texts) and facts["set_aside"] == facts["repeated"] == 0
        assert facts["state"] == "complete" and len(facts["job_ids"]) == 1
        assert facts["json_bytes"] >= sum(len(text.encode()) for text in texts)
        assert all(json.loads(text)[stream.id_field] for text in texts)


def test_the_home_days_of_a_manifest_count_the_records_of_each(landed: Workplace) -> None:
    for day in DAYS:
        manifest = landed.lake.manifest(CONVERSATION_DETAILS.raw.name, day)
        days = landed.lake.read(CONVERSATION_DETAILS.raw.name, day, ["home_day"])["home_day"].to_pylist()
        assert manifest is not None and manifest.facts["home_days"] == {
            home.isoformat(): count for home, count in Counter(days).items()
        }


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_after_the_building_nothing_is_stale_and_nothing_is_left_over(landed: Workplace, stream: Stream) -> None:
    assert landed.build(stream) == []
    assert landed.leftovers() == []
    assert [entry.state for entry in landed.ledger.entries()] == ["landed"] * 6
    assert not landed.lake.days(USER_DETAILS.quarantine.name) and not landed.lake.days("conversations_quarantine")
