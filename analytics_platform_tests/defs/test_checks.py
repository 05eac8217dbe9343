"""Asset checks: each fails for what it is there to find, and can be run by itself."""

from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.definitions import platform
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.removal import remove_records
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY, LATER = date(2026, 3, 2), date(2026, 3, 4)


def verdict(workplace: Workplace, table: str, check: str) -> dg.AssetCheckEvaluation:
    """What one check says when a person runs it by itself."""
    with workplace.entered() as settings, workplace.instance() as instance:
        key = dg.AssetCheckKey(dg.AssetKey(table), check)
        job = dg.define_asset_job("one_check", selection=dg.AssetSelection.checks(key))
        definitions = dg.Definitions.merge(platform(settings), dg.Definitions(jobs=[job]))
        result = definitions.resolve_job_def("one_check").execute_in_process(instance=instance)
    (told,) = result.get_asset_check_evaluations()
    return told


def rewritten(workplace: Workplace, table: str, rows: pa.Table) -> None:
    """Put other rows in the place of a day's, with the facts it had."""
    manifest = workplace.lake.manifest(table, DAY)
    assert manifest is not None
    with workplace.lake.stage(table, DAY, rows.schema) as writer:
        writer.write(rows)
        writer.seal(manifest.facts).publish()


@pytest.fixture
def conversations(workplace: Workplace) -> Workplace:
    assert workplace.land(CONVERSATION_DETAILS, [DAY]).success
    assert workplace.make(CONVERSATION_DETAILS, [DAY]).success
    return workplace


def test_key_checks_find_a_row_that_stands_twice_and_a_child_without_its_parent(conversations: Workplace) -> None:
    segments = conversations.lake.read("segments", DAY)
    assert verdict(conversations, "segments", "unique_keys").passed
    rewritten(conversations, "segments", pa.concat_tables([segments, segments.slice(0, 2)]))
    told = verdict(conversations, "segments", "unique_keys")
    assert not told.passed and told.metadata["rows_at_fault"].value == 2
    rewritten(conversations, "sessions", conversations.lake.read("sessions", DAY).slice(1))
    told = verdict(conversations, "segments", "children_have_parents")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.ERROR


def test_the_page_count_finds_a_record_that_is_lost(workplace: Workplace) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    whole = verdict(workplace, "user_details", "rows_match_pages")
    assert whole.passed and whole.metadata["differing_count"].value == 0 and "differing" not in whole.metadata
    rewritten(workplace, "user_details", workplace.lake.read("user_details", DAY).slice(1))
    told = verdict(workplace, "user_details", "rows_match_pages")
    assert not told.passed
    differing = told.metadata["differing"].value
    assert isinstance(differing, dict) and list(differing) == [str(DAY)]


def test_the_page_count_knows_of_what_was_taken_out_since(workplace: Workplace, tmp_path: Path) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    who = workplace.lake.read("user_details", DAY)["user_id"].to_pylist()[:2]
    assert remove_records(USER_DETAILS, workplace.lake, Ledger(tmp_path), who).rows == {DAY: 2}
    assert verdict(workplace, "user_details", "rows_match_pages").passed


def test_a_gap_between_landed_days_and_a_lag_behind_the_watermark_are_warned_of(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    assert workplace.land(USER_DETAILS, [LATER]).success
    told = verdict(workplace, "user_details", "days_contiguous")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.WARN
    assert told.metadata["missing"].value == ["2026-03-03"]
    assert told.metadata["missing_count"].value == 1
    assert verdict(workplace, "user_details", "lag_behind_watermark").passed
    org.set_now("2026-03-08T06:00:00Z")
    told = verdict(workplace, "user_details", "lag_behind_watermark")
    assert not told.passed and told.metadata["days_behind"].value == 3
    org.arm("status", "users.availability", status=503)
    told = verdict(workplace, "user_details", "lag_behind_watermark")
    assert not told.passed and told.description is not None and "503" in told.description


def test_what_the_catalogue_does_not_know_is_warned_of(workplace: Workplace, org: SimulatedOrg) -> None:
    org.arm("record_unknown_field", "conversations.results")
    assert workplace.land(CONVERSATION_DETAILS, [DAY]).success
    told = verdict(workplace, "conversation_details", "known_to_the_catalogue")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.WARN
    (row,) = told.metadata["differences"].records  # type: ignore[union-attr]
    shown = {name: row.data[name] for name in ("path", "kind", "days", "seen", "share")}
    assert shown == {"path": "aFieldNobodyKnows", "kind": "unknown field", "days": 1, "seen": 1, "share": 1.0}
    assert "records looked at, on 1 day" in str(told.metadata["looked_at"].value)


def test_a_conversation_on_two_home_days_is_found(conversations: Workplace) -> None:
    assert verdict(conversations, "conversations", "one_home").passed
    rows = conversations.lake.read("conversations", DAY)
    with conversations.lake.stage("conversations", date(2026, 3, 3), rows.schema) as writer:
        writer.write(rows.slice(0, 1))
        writer.seal({}).publish()
    assert not verdict(conversations, "conversations", "one_home").passed
