"""Services from files as assets: a backfill lands days as one by one would, where the server's folder is reached."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.definitions import platform
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAYS = [date(2026, 3, 2), date(2026, 3, 3)]
TABLES = ["service_files", "service_file_records"]
ONE_BY_ONE = ["service_ids", "service_records"]
TYPED = [table.name for table in SERVICES.tables]


@pytest.fixture(scope="module")
def written() -> Iterator[tuple[SimulatedOrg, Path]]:
    """An org, and the folder its Context Services write to."""
    with scratch() as made, SimulatedOrg(gms_folder=[made]) as running:
        yield running, made


@pytest.fixture
def org(written: tuple[SimulatedOrg, Path]) -> SimulatedOrg:
    written[0].reset()
    written[0].set_now(OrgOptions.now)
    return written[0]


@pytest.fixture
def workplace(org: SimulatedOrg, written: tuple[SimulatedOrg, Path], tmp_path: Path) -> Workplace:
    """A deployment beside a GMS whose folder is reached."""
    made = Workplace(tmp_path, org.url, retries=0)
    made.set("GMS_URL", org.url)
    made.set("GMS_FILE_FOLDERS", f"C:/={written[1]}")
    return made


def _asked(org: SimulatedOrg) -> list[Mapping[str, str]]:
    return [call["query"] for call in org.requests()["calls"] if call["operation"] == "services.files"]


def _failure(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    assert data is not None and data.description is not None
    return data.description


def _typed(workplace: Workplace) -> dict[str, list[dict[str, object]]]:
    lake = workplace.lake
    return {
        name: [
            {key: value for key, value in row.items() if key not in ("as_of", "activity_day")}
            for day in lake.days(name)
            for row in sorted(lake.read(name, day).to_pylist(), key=repr)
        ]
        for name in TYPED
    }


@pytest.mark.parametrize("lacking", ["GMS_URL", "GMS_FILE_FOLDERS"])
def test_nothing_is_there_without_a_gms_or_a_folder(workplace: Workplace, lacking: str) -> None:
    workplace.set(lacking, "")
    with workplace.entered() as settings:
        keys = platform(settings).resolve_asset_graph().get_all_asset_keys()
    assert not keys & {dg.AssetKey(name) for name in TABLES}


def test_a_backfill_lands_each_day_by_one_request_and_its_checks_pass(workplace: Workplace, org: SimulatedOrg) -> None:
    result = workplace.run(TABLES, DAYS)
    assert result.success
    assert [query["time_from"][:10] for query in _asked(org)] == ["2026-03-01", "2026-03-02"]
    assert all("filter_state" not in query for query in _asked(org))
    told = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert told["files_as_they_came"] and told["all_services"]
    assert workplace.lake.days("service_file_records") == DAYS


def test_typed_tables_of_both_routes_are_the_same(workplace: Workplace, org: SimulatedOrg, tmp_path: Path) -> None:
    assert workplace.run(TABLES, DAYS).success
    assert workplace.run(TYPED, DAYS).success
    one_by_one = Workplace(tmp_path / "other", org.url, retries=0)
    one_by_one.set("GMS_URL", org.url)
    assert one_by_one.run(ONE_BY_ONE, DAYS).success
    assert one_by_one.run(TYPED, DAYS).success
    told = _typed(workplace)
    assert told == _typed(one_by_one)
    assert all(len(rows) > 10 for rows in told.values())


def test_a_kept_file_that_was_changed_is_found(workplace: Workplace) -> None:
    assert workplace.run(TABLES, DAYS[:1]).success
    (kept,) = (workplace.folder / "lake").glob("service_files_kept/*/states.csv")
    kept.write_bytes(kept.read_bytes() + b"\n")
    from analytics_platform.landing.service_files import differing

    assert differing(workplace.lake, DAYS[0]) == "the kept states.csv is not the one the day was made from"
    kept.unlink()
    assert "states.csv" in str(differing(workplace.lake, DAYS[0]))


def test_a_format_that_is_none_is_refused_before_anything_is_asked(workplace: Workplace, org: SimulatedOrg) -> None:
    result = workplace.run(TABLES, DAYS[:1], config={"service_files_landed": {"format": "cvs"}})
    assert not result.success
    assert _failure(result) == "There is no format of files 'cvs'; nearest are csv."
    assert not _asked(org)


def test_a_format_is_asked_for_by_the_parameter_that_was_set(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("GMS_FILE_FORMAT_PARAMETER", "format")
    assert workplace.run(TABLES, DAYS[:1], config={"service_files_landed": {"format": "json"}}).success
    assert [query["format"] for query in _asked(org)] == ["json"]
    assert {row["format"] for row in workplace.lake.read("service_files", DAYS[0]).to_pylist()} == {"json"}


def test_a_name_outside_the_mapping_fails_the_run_with_a_sentence(workplace: Workplace, org: SimulatedOrg) -> None:
    org.arm("file_elsewhere", "services.files", reason="C:/../../etc/export20260303_160508_183_services.csv")
    result = workplace.run(TABLES, DAYS[:1])
    assert not result.success
    assert "are not opened" in _failure(result)
    assert workplace.lake.days("service_files") == []


def test_no_sensor_or_schedule_asks_for_files(workplace: Workplace) -> None:
    with workplace.entered() as settings:
        repository = platform(settings).get_repository_def()
        wanted = {dg.AssetKey(name) for name in TABLES}
        for sensor in repository.sensor_defs:
            if sensor.asset_selection is not None:
                assert not sensor.asset_selection.resolve(repository.asset_graph) & wanted, sensor.name
