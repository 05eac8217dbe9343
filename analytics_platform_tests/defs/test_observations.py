"""Observations in Dagster: a snapshot a tick in the day it was taken, compacted when the day has ended."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.observations import OBSERVATIONS, observation_family
from analytics_platform.connections import org_of
from analytics_platform.definitions import platform
from analytics_platform.defs.observations import GROUP, SCHEDULE
from analytics_platform.defs.partitions import tagged_days
from analytics_platform.defs.snapshots import TICK_TAG
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.landing.spool import Spool
from analytics_platform.landing.ticks import ticks_of
from analytics_platform_tests.defs.snapshot_runs import begun_hour, early_in_an_hour, requested, verdicts
from analytics_platform_tests.defs.test_failures import failed_step, retries, sentence
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.snapshot_places import answer
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.test_observations import INTERACTION, open_sessions

QUEUES = observation_family("queues")
ASSETS = [table.name for family in OBSERVATIONS for table in (family.raw, family.table)]
PAST = date(2026, 3, 2)


@pytest.fixture
def hourly(workplace: Workplace) -> Workplace:
    """A deployment that takes a snapshot every hour, so that a test has the time."""
    workplace.set("ANALYTICS_PLATFORM_SNAPSHOT_MINUTES", 60)
    return workplace


@pytest.fixture
def now() -> datetime:
    return early_in_an_hour()


def _spool(workplace: Workplace, *ticks: datetime) -> None:
    """Snapshots of queues as killed runs leave them."""
    with workplace.entered() as settings:
        spool = Spool(settings.state, org_of(settings).rpartition("@")[2], QUEUES.stream)
    for tick in ticks:
        spool.take(tick, tick + timedelta(seconds=3), lambda tick=tick: [answer(tick, 0)])  # type: ignore[misc]


def _at(hour: int, day: date = PAST) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_a_run_for_today_takes_a_snapshot_of_each_family_and_another_run_none(
    hourly: Workplace, org: SimulatedOrg, now: datetime
) -> None:
    org.set_now("2026-03-03T11:18:00Z")
    run = hourly.run(ASSETS, [now.date()])
    assert run.success
    for family in OBSERVATIONS:
        manifest = hourly.lake.verify(family.stream, now.date())
        assert ticks_of(manifest) == {begun_hour(now)} and manifest.rows > 0 and not manifest.facts["compacted"]
        assert manifest.facts["set_aside"] == 0 and manifest.facts["drift"] == {}
        assert set(verdicts(run, family.stream).values()) == {True} and len(verdicts(run, family.stream)) == 3
        told = run.asset_materializations_for_node(family.stream)
        assert {(each.asset_key.to_user_string(), each.partition) for each in told} == {
            (table.name, now.date().isoformat()) for table in (family.raw, family.table)
        }
    org.clear_requests()
    assert hourly.run(ASSETS, [now.date()]).success and org.requests()["total"] == 0


@pytest.fixture(scope="module")
def busy() -> Iterator[SimulatedOrg]:
    """A busy org whose truth is told up to its clock."""
    with SimulatedOrg(conversations_per_day=1500, agents=30, lag_hours=0, now="2026-03-03T11:18:00Z") as running:
        yield running


def test_a_snapshot_is_what_the_org_was_doing(
    busy: SimulatedOrg, start_workplace: Callable[..., Workplace], now: datetime
) -> None:
    workplace = start_workplace(busy, snapshot_minutes=60)
    assert workplace.run(ASSETS, [now.date()]).success
    waiting: Counter[Any] = Counter()
    inside: Counter[Any] = Counter()
    for participant, session, segment in open_sessions(busy):
        metric = INTERACTION.get((participant["purpose"], segment["segmentType"]))
        if metric and "queueId" in segment:
            waiting[segment["queueId"], session["mediaType"], metric] += 1
        if "flow" in session:
            inside[session["flow"]["flowId"], session["mediaType"], "oFlow"] += 1
    assert waiting and inside
    counted = ("oWaiting", "oAlerting", "oInteracting")
    assert _counts(workplace, "queues", now.date(), counted) == waiting
    assert _counts(workplace, "flows", now.date(), ("oFlow",)) == inside


def _counts(workplace: Workplace, name: str, day: date, metrics: tuple[str, ...]) -> Counter[Any]:
    family = observation_family(name)
    columns = [family.table.key[1], "media_type", "metric"]
    rows = workplace.lake.read(family.stream, day, [*columns, "count"]).to_pylist()
    return Counter(
        {
            tuple(row[column] for column in columns): row["count"]
            for row in rows
            if row["metric"] in metrics and row["count"]
        }
    )


def test_a_presence_is_resolved_by_the_answers_own_mapping(hourly: Workplace, org: SimulatedOrg, now: datetime) -> None:
    org.set_now("2026-03-03T11:18:00Z")
    assert hourly.run(ASSETS[:2], [now.date()]).success
    rows = hourly.lake.read(QUEUES.stream, now.date()).to_pylist()
    presences = [row for row in rows if row["metric"] == "oUserPresences"]
    assert presences and all(row["system_presence"] and row["qualifier"] for row in presences)
    assert not any(row["system_presence"] for row in rows if row["metric"] == "oWaiting")


def test_a_past_day_asks_nothing_lands_what_is_spooled_and_is_compacted(hourly: Workplace, org: SimulatedOrg) -> None:
    _spool(hourly, _at(9), _at(11))
    run = hourly.run(ASSETS[:2], [PAST])
    assert run.success and org.requests()["total"] == 0
    manifest = hourly.lake.verify(QUEUES.stream, PAST)
    assert ticks_of(manifest) == {_at(9), _at(11)} and manifest.facts["compacted"]
    assert verdicts(run, QUEUES.stream) == {
        "unique_keys": True,
        "ticks_missing": False,
        "known_to_the_catalogue": True,
    }
    (missing,) = [one for one in run.get_asset_check_evaluations() if one.check_name == "ticks_missing"]
    assert missing.severity == dg.AssetCheckSeverity.WARN
    assert missing.metadata["missing"].value == 13  # 10 o'clock, and from 12 to 23; before 9 nothing was begun


def test_a_run_over_several_past_days_lands_each_of_them(hourly: Workplace, org: SimulatedOrg) -> None:
    days = [PAST + timedelta(days=number) for number in range(3)]
    _spool(hourly, _at(9), _at(9, days[2]))
    run = hourly.run(ASSETS[:2], days)
    assert run.success and org.requests()["total"] == 0
    lake = hourly.lake
    assert [len(ticks_of(lake.manifest(QUEUES.stream, day))) for day in days] == [1, 0, 1]
    told = run.asset_materializations_for_node(QUEUES.stream)
    rows = {
        each.partition: each.metadata["dagster/partition_row_count"].value
        for each in told
        if each.asset_key == dg.AssetKey(QUEUES.stream)
    }
    assert rows == {str(day): lake.read(QUEUES.stream, day).num_rows for day in days}


def test_a_permission_that_is_missing_fails_its_family_alone(
    hourly: Workplace, org: SimulatedOrg, now: datetime
) -> None:
    org.arm("permission_withdrawn", "users.observations", times=None)
    run = hourly.run(ASSETS, [now.date()])
    failed = failed_step(run)
    assert failed.step_key == "user_observations" and "analytics:userObservation:view" in sentence(failed)
    assert retries(run) == 0
    assert set(hourly.lake.tables()) == set(ASSETS) - {"user_observations", "user_observations_raw"}


def test_a_run_that_failed_leaves_nothing_and_another_takes_the_snapshot_while_it_is_due(
    hourly: Workplace, org: SimulatedOrg, now: datetime
) -> None:
    org.arm("status", "queues.observations", status=400, times=1)
    assert not hourly.run(ASSETS[:2], [now.date()]).success and hourly.lake.tables() == []
    assert hourly.run(ASSETS[:2], [now.date()]).success
    assert ticks_of(hourly.lake.manifest(QUEUES.stream, now.date())) == {begun_hour(now)}


def test_a_run_that_comes_too_late_for_its_tick_takes_nothing(
    hourly: Workplace, org: SimulatedOrg, now: datetime
) -> None:
    late = begun_hour(now) - timedelta(hours=1)
    run = hourly.run(ASSETS[:2], [now.date()], tags={TICK_TAG: late.isoformat()})
    assert run.success and org.requests()["total"] == 0
    assert ticks_of(hourly.lake.manifest(QUEUES.stream, now.date())) == set()


def test_the_schedule_requests_one_run_a_tick_for_all_families_and_that_run_takes_it(
    hourly: Workplace, org: SimulatedOrg, now: datetime
) -> None:
    (request,) = requested(hourly, SCHEDULE, begun_hour(now))
    assert not isinstance(request, str)
    assert [key.to_user_string() for key in request.asset_selection or ()] == ASSETS
    assert tagged_days(request.tags) == [now.date()] and request.tags["dagster/priority"] == "10"
    assert hourly.run(ASSETS, tagged_days(request.tags), tags=dict(request.tags)).success
    assert ticks_of(hourly.lake.manifest(QUEUES.stream, now.date())) == {begun_hour(now)}
    (again,) = requested(hourly, SCHEDULE, begun_hour(now))
    assert not isinstance(again, str) and again.run_key == request.run_key


def test_the_schedule_asks_for_no_tick_that_has_passed(hourly: Workplace, now: datetime) -> None:
    told = requested(hourly, SCHEDULE, begun_hour(now) - timedelta(hours=3))
    assert isinstance(told, str) and told.startswith("It is too late for the snapshot of ")


def test_the_schedule_has_days_that_ended_compacted(hourly: Workplace, now: datetime) -> None:
    days = [PAST, PAST + timedelta(days=1)]
    _spool(hourly, *(_at(9, day) for day in days))
    tick = begun_hour(now)
    asked = requested(hourly, SCHEDULE, tick)
    assert not isinstance(asked, str)
    _, ended = asked
    assert tagged_days(ended.tags) == days and TICK_TAG not in ended.tags
    assert [key.to_user_string() for key in ended.asset_selection or ()] == ASSETS[:2]
    assert hourly.run(ASSETS[:2], days, tags=dict(ended.tags)).success
    assert len(requested(hourly, SCHEDULE, tick)) == 1


def test_what_the_org_does_not_serve_is_not_requested_and_says_so(hourly: Workplace, now: datetime) -> None:
    with hourly.entered() as settings:
        gone = Learned(Standing.NOT_PERMITTED, now, "It lacks analytics:flowObservation:view.")
        remember(settings, {"flows.observations": gone})
    (request,) = requested(hourly, SCHEDULE, begun_hour(now))
    assert not isinstance(request, str)
    assert [key.to_user_string() for key in request.asset_selection or ()] == ASSETS[:4]
    with hourly.entered() as settings:
        remember(settings, {f"{family.name}.observations": gone for family in OBSERVATIONS})
    assert requested(hourly, SCHEDULE, begun_hour(now)) == " ".join([gone.why] * 3)


def test_a_family_that_is_switched_off_is_no_asset_and_chosen_metrics_are_asked_for(
    hourly: Workplace, org: SimulatedOrg, now: datetime, tmp_path: Path
) -> None:
    chosen = tmp_path / "streams.toml"
    chosen.write_text('[observations.users]\nenabled = false\n[observations.queues]\nmetrics = ["oMemberUsers"]\n')
    hourly.set("ANALYTICS_PLATFORM_STREAMS", chosen)
    (request,) = requested(hourly, SCHEDULE, begun_hour(now))
    assert not isinstance(request, str)
    assert "user_observations" not in {key.to_user_string() for key in request.asset_selection or ()}
    assert hourly.run(ASSETS[:2], [now.date()]).success
    assert set(hourly.lake.read(QUEUES.stream, now.date(), ["metric"])["metric"].to_pylist()) == {"oMemberUsers"}


def test_the_assets_tell_what_they_are(hourly: Workplace) -> None:
    hourly.set("ANALYTICS_PLATFORM_SENSORS", "running")
    with hourly.entered() as settings:
        definitions = platform(settings)
    today = datetime.now(UTC).date().isoformat()
    for name in ASSETS:
        spec = definitions.resolve_asset_graph().get(dg.AssetKey(name)).to_asset_spec()
        assert spec.group_name == GROUP and spec.metadata["served"] is True
        assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
        assert spec.partitions_def.get_last_partition_key() == today
    schedule = definitions.resolve_schedule_def(SCHEDULE)
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING and schedule.cron_schedule == "0 * * * *"
