"""Changes of an org's reports as jobs: dry runs until their config says otherwise."""

from typing import Any

import dagster as dg
import pytest

from analytics_platform.connections import connected
from analytics_platform.definitions import platform
from analytics_platform.defs.reporting_actions import OPS
from analytics_platform.genesys_cloud.reporting import Reporting
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

SCHEDULE = {
    "reportId": "a-report",
    "quartzCronExpression": "0 0 6 * * ?",
    "interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
    "parameters": {"queueIds": ["a-queue"]},
}
CONFIGS: dict[str, dict[str, Any]] = {
    "create_schedule": {"schedule": SCHEDULE},
    "update_schedule": {"schedule_id": "s", "schedule": SCHEDULE},
    "delete_schedule": {"schedule_id": "s"},
    "run_schedule_now": {"schedule_id": "s"},
    "change_settings": {"settings": {"piiMaskingEnabled": True}},
}


def _run(workplace: Workplace, op: str, **config: object) -> dg.ExecuteInProcessResult:
    with workplace.entered() as settings, workplace.instance() as instance:
        job = platform(settings).resolve_job_def(f"reporting_{op}")
        run_config = {"ops": {op: {"config": config}}}
        return job.execute_in_process(run_config=run_config, instance=instance, raise_on_error=False)


def _metadata(done: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert done.success
    (output,) = [event for event in done.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def _fault(done: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in done.all_events if event.is_step_failure]
    return str(failed.step_failure_data.user_failure_data.description)


@pytest.mark.parametrize("op", [op.name for op in OPS])
def test_an_action_is_a_dry_run_unless_it_says_otherwise(workplace: Workplace, org: SimulatedOrg, op: str) -> None:
    told = _metadata(_run(workplace, op, **CONFIGS[op]))
    assert told["sent"] is False
    assert told["request"].split("/api/")[0] in ("POST ", "PUT ", "DELETE ", "PATCH ")
    assert told.get("body") == CONFIGS[op].get("schedule", CONFIGS[op].get("settings"))
    assert org.requests()["total"] == 0


def test_an_action_that_is_meant_is_sent_and_its_answer_shown(workplace: Workplace, org: SimulatedOrg) -> None:
    with workplace.entered() as settings, connected(settings) as client:
        report = next(Reporting(client).reports())
    schedule = {**SCHEDULE, "reportId": report["id"]}
    made = _metadata(_run(workplace, "create_schedule", schedule=schedule, dry_run=False))
    assert made["sent"] is True and made["answer"]["quartzCronExpression"] == SCHEDULE["quartzCronExpression"]
    schedule_id = made["answer"]["id"]
    ran = _metadata(_run(workplace, "run_schedule_now", schedule_id=schedule_id, dry_run=False))
    assert ran["request"].endswith(f"/{schedule_id}/runreport")
    assert "answer" not in _metadata(_run(workplace, "delete_schedule", schedule_id=schedule_id, dry_run=False))
    gone = _run(workplace, "delete_schedule", schedule_id=schedule_id, dry_run=False)
    assert not gone.success and "404" in _fault(gone)


def test_a_body_the_vendor_does_not_know_fails_with_a_sentence_and_sends_nothing(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    done = _run(workplace, "create_schedule", schedule={**SCHEDULE, "reportld": "x"}, dry_run=False)
    assert not done.success and "nearest are reportId" in _fault(done)
    done = _run(workplace, "create_schedule", schedule={"reportId": "x"}, dry_run=False)
    assert "requires: quartzCronExpression, interval" in _fault(done)
    assert org.requests()["total"] == 0
