"""Failures: one clear sentence in the failure event, no secret anywhere, retried only where it helps."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY, NEXT, OPEN = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)
WRONG_SECRET = "a-secret-nobody-may-see"


def failed_step(result: dg.ExecuteInProcessResult) -> dg.DagsterEvent:
    assert not result.success
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    return event


def sentence(event: dg.DagsterEvent) -> str:
    """What the failure event tells a person."""
    failure = event.step_failure_data.user_failure_data
    assert failure is not None and failure.description is not None
    assert "\n" not in failure.description and failure.description.endswith((".", ")"))
    return failure.description


def retries(result: dg.ExecuteInProcessResult) -> int:
    return len(result.filter_events(lambda event: event.is_step_up_for_retry))


def everything_kept(workplace: Workplace) -> bytes:
    """All bytes of the instance's home: runs, tags, event logs, captured output."""
    return b"".join(file.read_bytes() for file in workplace.home.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("GENESYSCLOUD_OAUTHCLIENT_SECRET", WRONG_SECRET, "check GENESYSCLOUD_OAUTHCLIENT_ID and"),
        ("GENESYSCLOUD_OAUTHCLIENT_ID", "", "set GENESYSCLOUD_OAUTHCLIENT_ID in the environment or in .env"),
        ("GENESYSCLOUD_REGION", "mars-north-1", "mars-north-1"),
        ("ANALYTICS_PLATFORM_LAKE", "ftp://lake", "ftp"),
    ],
)
def test_a_wrong_setting_fails_the_run_in_a_sentence_and_at_once(
    workplace: Workplace, setting: str, value: str, said: str
) -> None:
    if setting == "GENESYSCLOUD_REGION":
        workplace.set("GENESYSCLOUD_API_URL", "")
    workplace.set(setting, value)
    result = workplace.land(USER_DETAILS, [DAY])
    assert said in sentence(failed_step(result))
    assert retries(result) == 0
    assert WRONG_SECRET.encode() not in everything_kept(workplace)


def test_a_settings_fault_is_told_before_anything_is_asked_of_the_org(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("GENESYSCLOUD_OAUTHCLIENT_ID", "")
    assert not workplace.land(USER_DETAILS, [DAY]).success
    assert org.requests()["total"] == 0


def test_a_missing_permission_is_named(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(client=["demo:demo:analytics:userDetail:view"])
    result = start_workplace(org).land(CONVERSATION_DETAILS, [DAY])
    event = failed_step(result)
    assert "analytics:conversationDetail:view" in sentence(event)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None and failure.metadata["status"].value == 403
    assert failure.metadata["correlation_id"].value
    assert retries(result) == 0
    assert not org.requests()["submits"]


def test_a_day_past_the_watermark_is_refused_before_a_job_is_submitted(workplace: Workplace, org: SimulatedOrg) -> None:
    result = workplace.land(CONVERSATION_DETAILS, [OPEN])
    assert f"conversation_details of {OPEN} cannot be landed: the source vouches for data before" in sentence(
        failed_step(result)
    )
    assert retries(result) == 0
    assert not org.requests()["submits"] and not workplace.lake.days("conversation_details")


def test_typed_tables_of_a_day_that_has_not_landed_are_refused(workplace: Workplace) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    result = workplace.make(USER_DETAILS, [OPEN])
    assert "land user_details of these days first" in sentence(failed_step(result))
    assert retries(result) == 0
    assert not workplace.lake.days("user_primary_presence")


def test_a_lake_that_cannot_be_written_is_named(workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the lake should be")
    result = workplace.land(USER_DETAILS, [DAY])
    assert str(tmp_path / "lake") in sentence(failed_step(result))
    assert retries(result) == 0


def test_a_typed_table_that_cannot_be_written_is_named_and_the_run_can_be_repeated(
    workplace: Workplace, tmp_path: Path
) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    obstacle = tmp_path / "lake" / "user_routing_status"
    obstacle.write_text("a file where the table should be")
    result = workplace.make(USER_DETAILS, [DAY])
    assert "user_routing_status" in sentence(failed_step(result))
    assert retries(result) == 0
    obstacle.unlink()
    # The failed run has let go of its claim on the day: this one does not wait for it.
    assert workplace.make(USER_DETAILS, [DAY]).success


def test_a_job_that_fails_at_the_vendor_fails_the_run_and_the_next_run_asks_anew(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    org.arm("job_failed", "users.submit")
    result = workplace.land(USER_DETAILS, [DAY])
    assert "failed at Genesys Cloud" in sentence(failed_step(result))
    assert retries(result) == 0
    assert workplace.land(USER_DETAILS, [DAY]).success
    assert len(org.requests()["submits"]) == 2


def test_a_page_that_is_no_json_fails_the_run_and_leaves_what_had_landed(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    before = workplace.lake.verify("user_details", DAY)
    org.arm("not_json", "users.results", times=None)
    result = workplace.land(USER_DETAILS, [DAY])
    assert "JSON" in sentence(failed_step(result))
    assert retries(result) == 0
    assert workplace.lake.verify("user_details", DAY) == before
    org.clear_faults()
    assert workplace.land(USER_DETAILS, [DAY]).success


def test_a_vendor_that_is_down_is_tried_again_and_then_told(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_RETRIES", 1)
    # One attempt of a step tries a request five times: the first attempt fails, the second lands.
    org.arm("status", "users.availability", status=503, times=5)
    result = workplace.land(USER_DETAILS, [DAY])
    assert result.success
    assert retries(result) == 1


def test_a_vendor_that_stays_down_fails_the_run_with_its_last_words(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_RETRIES", 0)
    org.arm("status", "users.availability", status=502, times=None, html=True)
    told = sentence(failed_step(workplace.land(USER_DETAILS, [DAY])))
    assert "502" in told and "vendor's side" in told


def test_days_landed_before_the_one_that_fails_are_kept_and_known_to_dagster(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    workplace.set("ANALYTICS_PLATFORM_JOBS_IN_FLIGHT", 1)
    assert workplace.land(USER_DETAILS, [DAY]).success
    result = workplace.land(USER_DETAILS, [NEXT, date(2026, 3, 4), date(2026, 3, 5), OPEN])
    assert str(OPEN) in sentence(failed_step(result))
    landed = workplace.lake.days("user_details")
    assert landed == [DAY, NEXT, date(2026, 3, 4), date(2026, 3, 5)]
    with workplace.instance() as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("user_details")) == {str(day) for day in landed}
        failed = instance.get_status_by_partition(
            dg.AssetKey("user_details"),
            [str(day) for day in [*landed, OPEN]],
            dg.DailyPartitionsDefinition("2026-03-02"),
        )
    assert failed is not None
    assert {key for key, status in failed.items() if status is not None and status.value == "FAILED"} == {str(OPEN)}


def test_no_token_is_kept_of_a_run_that_went_well(workplace: Workplace) -> None:
    assert workplace.land(USER_DETAILS, [DAY]).success
    kept = everything_kept(workplace)
    assert b"Bearer" not in kept and b"Authorization" not in kept and b"access_token" not in kept
