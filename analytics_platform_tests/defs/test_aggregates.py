"""Aggregates in Dagster: what the UI shows of them, what a run lands, and what it says when it cannot."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily, aggregate_family
from analytics_platform.definitions import platform
from analytics_platform.defs.described import OWNERS, RAW_KINDS, TYPED_KINDS
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform_tests.defs.test_checks import verdict
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAYS = [date(2026, 3, 2), date(2026, 3, 3)]
CONVERSATIONS, FLOWS, SURVEYS = (aggregate_family(name) for name in ("conversations", "flows", "surveys"))
LACKED = Learned(Standing.NOT_PERMITTED, datetime(2026, 3, 7, tzinfo=UTC), "The client lacks a permission: add it.")
EACH = pytest.mark.parametrize("family", AGGREGATES, ids=lambda family: str(family.name))


def assets_of(family: AggregateFamily) -> list[str]:
    return [family.raw().name, family.stream]


def land(workplace: Workplace, *families: AggregateFamily, days: list[date] = DAYS, **config: object) -> Any:
    """Run the assets of families over days; `config` is that of the first."""
    tables = [table for family in families for table in assets_of(family)]
    return workplace.run(tables, days, config={families[0].stream: config} if config else None)


def sentences(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What each failed step tells a person."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure and (failure := event.step_failure_data.user_failure_data) is not None:
            found[str(event.step_key)] = str(failure.description)
    return found


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def choose(workplace: Workplace, text: str) -> None:
    file = workplace.folder / "streams.toml"
    file.write_text(text, encoding="utf-8")
    workplace.set("ANALYTICS_PLATFORM_STREAMS", file)


def definitions(workplace: Workplace) -> dg.Definitions:
    with workplace.entered() as settings:
        return platform(settings)


@dataclass(frozen=True)
class Landed:
    """A deployment in which all families have landed in one run; look at it, change nothing."""

    workplace: Workplace
    graph: AssetGraph
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory, session_org: SimulatedOrg) -> Landed:
    session_org.reset()
    session_org.set_now(OrgOptions.now)
    workplace = Workplace(tmp_path_factory.mktemp("aggregates"), session_org.url)
    return Landed(workplace, definitions(workplace).resolve_asset_graph(), land(workplace, *AGGREGATES))


@EACH
def test_a_family_is_a_pair_of_assets_described_in_full(landed: Landed, family: AggregateFamily) -> None:
    graph = landed.graph
    for name, kinds in zip(assets_of(family), (RAW_KINDS, TYPED_KINDS), strict=True):
        spec = graph.get(dg.AssetKey(name)).to_asset_spec()
        definition = graph.assets_def_for_key(dg.AssetKey(name))
        assert spec.group_name == "aggregates" and spec.kinds == kinds and list(spec.owners) == OWNERS
        assert spec.metadata["served"] is True
        assert all(column.description for column in spec.metadata["dagster/column_schema"].columns)
        assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
        assert definition.backfill_policy == dg.BackfillPolicy.multi_run(31)
        assert definition.op.pool == "genesys_cloud_aggregates"
        assert definition.op.retry_policy is not None
    columns = spec.metadata["dagster/column_schema"].columns
    tidy = family.table(family.group_by)
    assert [column.name for column in columns if column.constraints.other == ["key"]] == list(tidy.key)
    assert all(column.constraints.nullable for column in columns), "a group may have no queue, a metric no qualifier"
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    assert {dep for deps in lineage.values() for dep in deps} == {
        dg.TableColumnDep(asset_key=dg.AssetKey(family.raw().name), column_name="answer")
    }
    assert set(lineage) == {column.name for column in tidy.columns}


@EACH
def test_the_launchpad_offers_what_the_family_is_asked_by_default(landed: Landed, family: AggregateFamily) -> None:
    op = landed.graph.assets_def_for_key(dg.AssetKey(family.stream)).op
    offered = op.config_schema.as_field().config_type.fields
    assert {name: field.default_value for name, field in offered.items()} == {
        "granularity": "PT30M",
        "group_by": list(family.group_by),
        "metrics": list(family.metrics),
        "filter": {},
        "time_zone": "",
        "provisional": False,
    }
    assert all(field.description for field in offered.values())


@EACH
def test_days_land_as_partitions_of_both_tables_with_all_checks_passed(landed: Landed, family: AggregateFamily) -> None:
    assert landed.result.success
    told = {
        (event.materialization.asset_key.to_user_string(), event.materialization.partition): event.materialization
        for event in landed.result.get_asset_materialization_events()
    }
    for table in assets_of(family):
        assert {partition for name, partition in told if name == table} == {day.isoformat() for day in DAYS}
    for day in DAYS:
        manifest = landed.workplace.lake.manifest(family.stream, day)
        assert manifest is not None
        shown = told[family.stream, day.isoformat()].metadata
        assert shown["dagster/partition_row_count"].value == manifest.rows
        assert shown["state"].value == "complete"
        assert shown["question"].value["granularity"] == "PT30M"
    verdicts = landed.result.get_asset_check_evaluations()
    mine = {each.check_name: each.passed for each in verdicts if each.asset_key == dg.AssetKey(family.stream)}
    names = ("unique_keys", "one_question", "days_contiguous", "known_to_the_catalogue", "provisional_replaced")
    passed = dict.fromkeys(names, True)
    assert mine == passed | {"lag_behind_watermark": False}, "two of four days have landed"


def test_a_family_without_its_permission_fails_by_the_permissions_name_and_the_others_land(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    org.arm("permission_withdrawn", SURVEYS.operation.name, times=None)
    result = land(workplace, SURVEYS, FLOWS, days=DAYS[:1])
    assert not result.success
    ((step, said),) = sentences(result).items()
    assert step == SURVEYS.stream and "analytics:surveyAggregate:view" in said and "\n" not in said
    assert workplace.lake.days(FLOWS.stream) == DAYS[:1] and not workplace.lake.days(SURVEYS.raw().name)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"metrics": ["tHandel"]}, "There is no metric of conversations aggregates 'tHandel'; nearest are tHandle"),
        ({"group_by": ["queue"]}, "There is no dimension of conversations aggregates 'queue'; nearest are"),
        ({"granularity": "PT7M"}, "The granularity 'PT7M' is no ISO 8601 period that divides a day"),
        ({"time_zone": "Asia/Kolkata", "granularity": "PT1H"}, "Buckets of PT1H in Asia/Kolkata do not meet"),
        ({"filter": {"type": "and", "predicates": [{"dimension": "queue"}]}}, "There is no dimension 'queue'"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence_with_no_request(
    workplace: Workplace, org: SimulatedOrg, config: dict[str, object], said: str
) -> None:
    result = land(workplace, CONVERSATIONS, **config)
    (sentence,) = sentences(result).values()
    assert sentence.startswith(said) and "\n" not in sentence
    assert org.requests()["total"] == 0
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_a_run_asks_what_its_configuration_says(workplace: Workplace, org: SimulatedOrg) -> None:
    chosen = {"type": "and", "predicates": [{"type": "dimension", "dimension": "mediaType", "value": "voice"}]}
    config = {"granularity": "PT1H", "group_by": ["queueId"], "metrics": ["nOffered"], "filter": chosen}
    assert land(workplace, CONVERSATIONS, days=DAYS[:1], **config).success
    (call,) = [call for call in org.requests()["calls"] if call["operation"] == CONVERSATIONS.operation.name]
    body = json.loads(call["body"])
    assert body == {
        "interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
        "granularity": "PT1H",
        "groupBy": ["queueId"],
        "metrics": ["nOffered"],
        "filter": chosen,
    }
    assert "media_type" not in workplace.lake.read(CONVERSATIONS.stream, DAYS[0]).column_names


def test_days_that_were_asked_different_questions_are_warned_of(workplace: Workplace) -> None:
    assert land(workplace, CONVERSATIONS, days=DAYS[:1]).success
    result = land(workplace, CONVERSATIONS, days=DAYS[1:], granularity="PT1H", group_by=["queueId"])
    assert result.success
    assert checks(result)["unique_keys"]
    (warned,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "one_question"]
    assert not warned.passed and warned.severity == dg.AssetCheckSeverity.WARN
    questions: Any = warned.metadata["questions"].value
    assert [(asked["asked"]["granularity"], asked["days"]) for asked in questions] == [("PT30M", 1), ("PT1H", 1)]
    again = land(workplace, CONVERSATIONS, days=DAYS[1:])
    assert checks(again)["one_question"]


def test_checks_find_a_key_that_stands_twice_a_gap_and_what_the_table_does_not_know(workplace: Workplace) -> None:
    days = [DAYS[0], date(2026, 3, 4)]
    for day in days:
        assert land(workplace, FLOWS, days=[day]).success
    gap = verdict(workplace, FLOWS.stream, "days_contiguous")
    assert not gap.passed and gap.metadata["missing"].value == ["2026-03-03"]
    lake = workplace.lake
    manifest, rows = lake.manifest(FLOWS.stream, days[1]), lake.read(FLOWS.stream, days[1])
    assert manifest is not None
    with lake.stage(FLOWS.stream, days[1], rows.schema) as writer:
        writer.write(rows)
        writer.write(rows.slice(3, 2))
        writer.seal({**manifest.facts, "drift": {"group.teamId: unknown field": 7}}).publish()
    doubled = verdict(workplace, FLOWS.stream, "unique_keys")
    assert not doubled.passed and doubled.metadata["rows_at_fault"].value == 2
    unknown = verdict(workplace, FLOWS.stream, "known_to_the_catalogue")
    (row,) = unknown.metadata["differences"].records  # type: ignore[union-attr]
    assert not unknown.passed and (row.data["path"], row.data["seen"]) == ("group.teamId", 7)


def test_a_family_is_asked_what_the_streams_file_chose_and_is_absent_where_it_was_switched_off(
    workplace: Workplace,
) -> None:
    choose(
        workplace,
        '[aggregates.conversations]\ngranularity = "P1D"\ngroup_by = ["mediaType"]\nmetrics = ["nOffered"]\n'
        "[aggregates.surveys]\nenabled = false\n",
    )
    keys = {key.to_user_string() for key in definitions(workplace).resolve_asset_graph().get_all_asset_keys()}
    assert not keys.intersection(assets_of(SURVEYS)) and keys.issuperset(assets_of(CONVERSATIONS))
    assert land(workplace, CONVERSATIONS, days=DAYS[:1]).success
    rows = workplace.lake.read(CONVERSATIONS.stream, DAYS[0])
    assert rows.column_names[:5] == ["interval_start", "interval_end", "media_type", "metric", "qualifier"]
    assert set(rows["metric"].to_pylist()) == {"nOffered"} and 0 < rows.num_rows < 10


def test_an_operation_the_org_does_not_serve_is_told_of_the_asset(workplace: Workplace, org: SimulatedOrg) -> None:
    with workplace.entered() as settings:
        remember(settings, {SURVEYS.operation.name: LACKED})
    spec = definitions(workplace).resolve_asset_graph().get(dg.AssetKey(SURVEYS.stream)).to_asset_spec()
    assert spec.metadata["served"] is False and spec.description is not None
    assert spec.description.startswith("Never scheduled. The client lacks a permission: add it.\n\n")


def test_a_run_killed_between_its_two_tables_is_asked_for_again_and_ends_the_same(
    workplace: Workplace, tmp_path: Path, org: SimulatedOrg
) -> None:
    undisturbed = Workplace(tmp_path / "undisturbed", org.url)
    assert land(undisturbed, CONVERSATIONS, days=DAYS[:1]).success
    program = "analytics_platform_tests.defs.die_at"
    dead = subprocess.run(
        [sys.executable, "-m", program, CONVERSATIONS.stream, "2026-03-02", *assets_of(CONVERSATIONS)],
        env=workplace.environment,
        cwd=CHECKOUT,
        capture_output=True,
    )
    assert dead.returncode == -signal.SIGKILL
    assert workplace.lake.days(CONVERSATIONS.raw().name) == DAYS[:1]
    assert workplace.lake.days(CONVERSATIONS.stream) == []
    ticks = Ticks(workplace)
    brought = ticks.look("daily_conversations_availability")
    # The killed run is called started until run monitoring finds it; the day is asked for when it is over.
    days_of_it = [
        request for request in brought.run_requests or () if "conversation_aggregates:" in str(request.run_key)
    ]
    assert [request.run_key for request in days_of_it] == ["conversation_aggregates: complete 2026-03-03..2026-03-05"]
    with workplace.instance() as instance:
        for run in instance.get_runs():
            instance.report_run_failed(run)
    missing = [key for key in ticks.look("daily_conversations_upkeep").run_requests or () if key.run_key]
    mine = [str(request.run_key) for request in missing if "conversation_aggregates:" in str(request.run_key)]
    assert mine[0].startswith("conversation_aggregates: missing 2026-03-02..2026-03-05 ")
    assert land(workplace, CONVERSATIONS, days=DAYS[:1]).success
    tables = [place.lake.read(CONVERSATIONS.stream, DAYS[0]) for place in (workplace, undisturbed)]
    assert tables[0].equals(tables[1])


def test_a_day_past_the_watermark_lands_when_part_of_it_will_do(workplace: Workplace, org: SimulatedOrg) -> None:
    org.set_now("2026-03-04T12:00:00Z")
    early = [date(2026, 3, 4)]
    (said,) = sentences(land(workplace, CONVERSATIONS, days=early)).values()
    assert said.startswith("conversation_aggregates of 2026-03-04 cannot be landed: the source vouches for data before")
    assert land(workplace, CONVERSATIONS, days=early, provisional=True).success
    manifest = workplace.lake.manifest(CONVERSATIONS.stream, early[0])
    assert manifest is not None and manifest.facts["state"] == "provisional"
