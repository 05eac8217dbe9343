"""The check that tells what is kept in clear, and warns of days that another policy wrote."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS as STREAM
from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import range_tags
from analytics_platform.settings import SettingsError
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.workplace import connected
from analytics_platform_tests.security.personal import KEY, ProtectedPlace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = date(2026, 3, 2)
CHECK = dg.AssetCheckKey(dg.AssetKey(STREAM.head.name), "personal_data_in_clear")


@pytest.fixture
def workplace(tmp_path: Path, org: SimulatedOrg) -> Workplace:
    return Workplace(tmp_path, org.url)


def checked(place: Workplace) -> dg.AssetCheckEvaluation:
    """The check alone, over the day."""
    with place.entered() as settings, place.instance() as instance:
        job = dg.define_asset_job("looking", selection=dg.AssetSelection.checks(CHECK))
        definitions = dg.Definitions.merge(platform(settings), dg.Definitions(jobs=[job]))
        run = definitions.resolve_job_def("looking").execute_in_process(instance=instance, tags=range_tags([DAY]))
        (found,) = run.get_asset_check_evaluations()
        return found


def test_what_is_in_clear_is_told_and_days_by_another_policy_are_warned_of(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    with connected(org.url) as client:
        ProtectedPlace(client, Path(workplace.settings["ANALYTICS_PLATFORM_LAKE"]).parent).landed(DAY)
    kept = checked(workplace)
    assert kept.passed
    assert "sessions.ani" in kept.metadata["in_clear"].value
    workplace.set("ANALYTICS_PLATFORM_PII", "hash")
    workplace.set("ANALYTICS_PLATFORM_PII_KEY", KEY)
    hashed = checked(workplace)
    assert not hashed.passed
    assert hashed.severity == dg.AssetCheckSeverity.WARN
    assert hashed.metadata["by_another_policy"].value == [str(DAY)]
    assert hashed.metadata["in_clear_count"].value == 0


def test_the_definitions_do_not_load_where_a_key_is_missing(workplace: Workplace) -> None:
    workplace.set("ANALYTICS_PLATFORM_PII", "hash")
    with workplace.entered() as settings, pytest.raises(SettingsError, match="ANALYTICS_PLATFORM_PII_KEY"):
        platform(settings)
