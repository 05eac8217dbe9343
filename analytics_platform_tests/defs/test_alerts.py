"""Failure alerts: a real webhook on loopback is told of a failed run; its URL is never shown."""

from collections.abc import Callable, Iterator
from datetime import date

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.definitions import platform
from analytics_platform_tests.defs.webhook import SECRET_PATH, Webhook
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as listening:
        yield listening


def failed_run(workplace: Workplace, org: SimulatedOrg) -> dg.ExecuteInProcessResult:
    """A run that failed because the vendor's job did."""
    org.arm("job_failed", "users.submit")
    result = workplace.land(USER_DETAILS, [date(2026, 3, 2)])
    assert not result.success
    return result


def alert(workplace: Workplace, result: dg.ExecuteInProcessResult) -> object:
    """What the sensor does about a failed run."""
    (failure,) = [event for event in result.all_events if event.is_run_failure]
    with workplace.entered() as settings, workplace.instance() as instance:
        sensor = platform(settings).get_repository_def().get_sensor_def("failure_alerts")
        context = dg.build_run_status_sensor_context(
            "failure_alerts", failure, instance, result.dagster_run
        ).for_run_failure()
        return sensor(context)


def test_without_a_webhook_there_is_no_alert_sensor(workplace: Workplace) -> None:
    with workplace.entered() as settings:
        assert "failure_alerts" not in {sensor.name for sensor in platform(settings).sensors or ()}


def test_with_a_webhook_the_alert_sensor_runs_from_the_start(workplace: Workplace, webhook: Webhook) -> None:
    workplace.set("ANALYTICS_PLATFORM_ALERT_WEBHOOK", webhook.url)
    with workplace.entered() as settings:
        sensor = platform(settings).get_repository_def().get_sensor_def("failure_alerts")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_a_failed_run_is_told_in_a_sentence(workplace: Workplace, org: SimulatedOrg, webhook: Webhook) -> None:
    workplace.set("ANALYTICS_PLATFORM_ALERT_WEBHOOK", webhook.url)
    result = failed_run(workplace, org)
    alert(workplace, result)
    (message,) = webhook.posted
    assert message["text"].startswith("user_details of 2026-03-02 failed: The users job ")
    assert "failed at Genesys Cloud" in message["text"]
    assert message["run_id"] == result.run_id
    assert message["days"] == ["2026-03-02", "2026-03-02"]


@pytest.mark.parametrize("broken", ["refusing", "gone", "no-url"])
def test_a_webhook_that_does_not_take_the_message_is_told_without_its_url(
    workplace: Workplace, org: SimulatedOrg, webhook: Webhook, broken: str
) -> None:
    webhook.status = 404
    urls = {"refusing": webhook.url, "gone": f"http://127.0.0.1:9{SECRET_PATH}", "no-url": f"http://[:{SECRET_PATH}"}
    workplace.set("ANALYTICS_PLATFORM_ALERT_WEBHOOK", urls[broken])
    result = failed_run(workplace, org)
    with pytest.raises(dg.Failure) as told:
        alert(workplace, result)
    assert str(told.value.description).startswith("The alert webhook did not take the message (")
    assert told.value.__cause__ is None and told.value.__context__ is None
    assert SECRET_PATH not in repr(told.value)


def test_the_webhook_is_no_part_of_what_the_definitions_show(
    start_workplace: Callable[..., Workplace], org: SimulatedOrg, webhook: Webhook
) -> None:
    workplace = start_workplace(org)
    workplace.set("ANALYTICS_PLATFORM_ALERT_WEBHOOK", webhook.url)
    failed_run(workplace, org)
    with workplace.entered() as settings:
        assert SECRET_PATH not in repr(settings)
    kept = b"".join(file.read_bytes() for file in workplace.home.rglob("*") if file.is_file())
    assert SECRET_PATH.encode() not in kept
