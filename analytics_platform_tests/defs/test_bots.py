"""Reporting turns as assets: every turn of every chosen bot on its day, and no forgotten day taken for an empty one."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.operations.bots import BOT_DIVISION_TURNS, BOT_TURNS
from analytics_platform.catalogue.turns import TABLES
from analytics_platform.choices import BotFlowsChoice, Choices
from analytics_platform.defs import bots
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.genesys_cloud.turns import bot_flow_ids
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.workplace import connected
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, 2), date(2026, 3, 3)]
ASSETS = ["bot_turns_raw", *(table.name for table in TABLES)]


@pytest.fixture(scope="module")
def bot_org() -> Iterator[SimulatedOrg]:
    """An org large enough that its bots talk every day."""
    with SimulatedOrg(conversations_per_day=300) as running:
        yield running


@pytest.fixture
def chosen(bot_org: SimulatedOrg, tmp_path: Path) -> Workplace:
    """A deployment in which all bot flows were chosen."""
    bot_org.reset()
    bot_org.set_now("2026-03-07T00:00:00Z")
    file = tmp_path / "streams.toml"
    file.write_text('[bot_flows]\nids = "all"\n', encoding="utf-8")
    return Workplace(tmp_path, bot_org.url, streams=file)


def _turns(client: GenesysCloud, day: date) -> list[tuple[str, dict[str, Any]]]:
    """All turns of a day by flow, asked in pages of another size."""
    found: list[tuple[str, dict[str, Any]]] = []
    interval = f"{day}T00:00:00.000Z/{date.fromordinal(day.toordinal() + 1)}T00:00:00.000Z"
    for flow in bot_flow_ids(client):
        after: dict[str, str] = {}
        while True:
            query = {"interval": interval, "pageSize": 7, **after}
            page = client.call(BOT_TURNS, path={"botFlowId": flow}, query=query).value
            found += [(flow, turn) for turn in page["entities"]]
            if "nextUri" not in page:
                break
            after = {"after": page["nextUri"].rpartition("after=")[2].replace("%3D", "=")}
    return found


def test_nothing_is_there_where_no_bot_flow_was_chosen(workplace: Workplace) -> None:
    with workplace.entered() as settings:
        repository = bots.definitions(settings, Choices(), Capabilities()).get_repository_def()
    assert not repository.asset_graph.get_all_asset_keys()
    assert bots.streams(Choices(), Capabilities()) == []


def test_every_turn_lands_on_its_day_with_its_lists(bot_org: SimulatedOrg, chosen: Workplace) -> None:
    result = chosen.run(ASSETS, DAYS)
    assert result.success
    with connected(bot_org.url) as client:
        told = {day: _turns(client, day) for day in DAYS}
    for day, turns in told.items():
        assert len(turns) > 20
        rows = chosen.lake.read("bot_turns", day).to_pylist()
        assert len(rows) == len(turns)
        wanted = sorted((flow, turn["sessionId"], turn["dateCompleted"], turn.get("userInput")) for flow, turn in turns)
        landed = [
            (row["bot_flow_id"], row["session_id"], _iso(row["date_completed"]), row["user_input"]) for row in rows
        ]
        assert sorted(landed, key=str) == sorted(wanted, key=str)
        assert len({(row["bot_flow_id"], row["session_id"], row["turn_index"]) for row in rows}) == len(rows)
        slots = sum(len(turn.get("intent", {}).get("slots", [])) for _, turn in turns)
        assert chosen.lake.manifest("bot_turn_slots", day).rows == slots  # type: ignore[union-attr]
    slots = sum(chosen.lake.manifest("bot_turn_slots", day).rows for day in DAYS)  # type: ignore[union-attr]
    assert slots > 0
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "unique_keys": True,
        "one_question": True,
        "days_contiguous": True,
        "known_to_the_catalogue": True,
        "provisional_replaced": True,
        "personal_data_in_clear": True,
    }


def test_a_session_that_goes_on_over_midnight_has_its_turns_on_each_of_its_days(chosen: Workplace) -> None:
    result = chosen.run(ASSETS, [*DAYS, date(2026, 3, 4)])
    assert result.success
    rows = [chosen.lake.read("bot_turns", day).to_pylist() for day in chosen.lake.days("bot_turns")]
    of_days = [{(row["bot_flow_id"], row["session_id"]) for row in of_day} for of_day in rows]
    assert of_days[0] & of_days[1] or of_days[1] & of_days[2]
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()}["unique_keys"]


def _iso(instant: Any) -> str:
    return str(instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z")


def test_named_flows_alone_are_asked_for(bot_org: SimulatedOrg, chosen: Workplace, tmp_path: Path) -> None:
    with connected(bot_org.url) as client:
        first = bot_flow_ids(client)[0]
    (tmp_path / "streams.toml").write_text(f'[bot_flows]\nids = ["{first}"]\n', encoding="utf-8")
    bot_org.clear_requests()
    assert chosen.run(ASSETS, DAYS[:1]).success
    asked = {call["path"].get("botFlowId") for call in bot_org.requests()["calls"] if "bots." in call["operation"]}
    assert asked == {first}
    assert not [call for call in bot_org.requests()["calls"] if call["operation"] == "flows.list"]


def test_an_org_without_the_successor_is_asked_by_the_deprecated_operation(
    bot_org: SimulatedOrg, chosen: Workplace
) -> None:
    bot_org.arm("status", BOT_DIVISION_TURNS.name, status=404, times=None)
    assert chosen.run(ASSETS, DAYS[:1]).success
    assert chosen.lake.manifest("bot_turns", DAYS[0]).rows > 0  # type: ignore[union-attr]


def test_a_route_known_not_to_be_served_is_not_tried() -> None:
    refused = {BOT_DIVISION_TURNS.name: Learned(Standing.NOT_ANSWERED, "It answers 404.")}
    chosen = Choices(bot_flows=BotFlowsChoice(ids=("flow-1",)))
    (stream,) = bots.streams(chosen, Capabilities(refused))
    assert stream.operations == (BOT_TURNS,)


def test_days_the_vendor_no_longer_keeps_are_refused_and_never_land_as_empty(
    bot_org: SimulatedOrg, chosen: Workplace
) -> None:
    bot_org.set_now("2026-03-13T12:00:00Z")
    result = chosen.run(ASSETS, [*DAYS, date(2026, 3, 4)])
    assert not result.success
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert "bot_turns of 2026-03-02 cannot be landed: the vendor no longer keeps them whole" in _told(failed)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert chosen.lake.days("bot_turns")[-1] == date(2026, 3, 4)
    assert date(2026, 3, 2) not in chosen.lake.days("bot_turns")


def _told(failed: dg.DagsterEvent) -> str:
    data = failed.step_failure_data.user_failure_data
    assert data is not None and data.description is not None
    return data.description


def test_a_day_that_landed_is_not_replaced_by_what_is_left_of_it(bot_org: SimulatedOrg, chosen: Workplace) -> None:
    assert chosen.run(ASSETS, DAYS[:1]).success
    before = chosen.lake.manifest("bot_turns", DAYS[0])
    bot_org.set_now("2026-03-12T18:00:00Z")
    assert not chosen.run(ASSETS, DAYS[:1]).success
    assert chosen.lake.manifest("bot_turns", DAYS[0]) == before


def test_sensors_ask_for_no_day_that_is_forgotten(bot_org: SimulatedOrg, chosen: Workplace) -> None:
    bot_org.set_now("2026-03-14T12:00:00Z")
    ticks = Ticks(chosen)
    for sensor in ("daily_conversations_availability", "daily_conversations_upkeep"):
        requests = ticks.look(sensor).run_requests or []
        (mine,) = [request for request in requests if request.tags["analytics_platform/made"] == "bot_turns"]
        assert mine.tags["dagster/asset_partition_range_start"] == "2026-03-05"
