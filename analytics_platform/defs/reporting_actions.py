"""What can be changed of an org's reports, as jobs: each is a dry run until its config says otherwise."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from analytics_platform.defs.failures import explained
from analytics_platform.defs.resources import GenesysCloudResource
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.reporting import Change


class Action(dg.Config):
    """What every action is told; nothing is sent in a dry run, and what would be is shown."""

    dry_run: bool = True


class NewSchedule(Action):
    """`schedule` is the vendor's ReportSchedule: reportId, quartzCronExpression and interval are required."""

    schedule: dict[str, Any]


class OneSchedule(Action):
    schedule_id: str


class ChangedSchedule(OneSchedule):
    """`schedule` is what it shall be, whole: what it leaves out is gone."""

    schedule: dict[str, Any]


class ChangedSettings(Action):
    """`settings` are those to change, such as `{piiMaskingEnabled: true}`."""

    settings: dict[str, bool]


@dg.op(description="Schedules a report.")
def create_schedule(context: dg.OpExecutionContext, config: NewSchedule, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud import reporting

    with explained():
        _act(context, config, genesys_cloud, reporting.create_schedule(config.schedule))


@dg.op(description="Makes a scheduled report what the config says, whole.")
def update_schedule(
    context: dg.OpExecutionContext, config: ChangedSchedule, genesys_cloud: GenesysCloudResource
) -> None:
    from analytics_platform.genesys_cloud import reporting

    with explained():
        _act(context, config, genesys_cloud, reporting.update_schedule(config.schedule_id, config.schedule))


@dg.op(description="Deletes a scheduled report.")
def delete_schedule(context: dg.OpExecutionContext, config: OneSchedule, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud import reporting

    with explained():
        _act(context, config, genesys_cloud, reporting.delete_schedule(config.schedule_id))


@dg.op(description="Runs a scheduled report now, beside its schedule.")
def run_schedule_now(context: dg.OpExecutionContext, config: OneSchedule, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud import reporting

    with explained():
        _act(context, config, genesys_cloud, reporting.run_now(config.schedule_id))


@dg.op(description="Changes what reports mask; it alters what later extracts hold.")
def change_settings(
    context: dg.OpExecutionContext, config: ChangedSettings, genesys_cloud: GenesysCloudResource
) -> None:
    from analytics_platform.genesys_cloud import reporting

    with explained():
        _act(context, config, genesys_cloud, reporting.change_settings(config.settings))


OPS = (create_schedule, update_schedule, delete_schedule, run_schedule_now, change_settings)


def definitions(settings: Settings) -> dg.Definitions:
    """A job for each action, to be launched by a person."""
    return dg.Definitions(jobs=[_job(op) for op in OPS])


def _job(op: dg.OpDefinition) -> dg.JobDefinition:
    @dg.job(
        name=f"reporting_{op.name}",
        description=f"{op.description} A dry run unless `dry_run: false` is configured.",
    )
    def action() -> None:
        op()

    return action


def _act(context: dg.OpExecutionContext, config: Action, genesys_cloud: GenesysCloudResource, change: "Change") -> None:
    """Make a change unless it is a dry run; either way the run shows what it is."""
    told: dict[str, Any] = {"request": change.target, "sent": not config.dry_run}
    if change.body is not None:
        told["body"] = dg.MetadataValue.json(change.body)
    if config.dry_run:
        context.log.info("Nothing was sent. It would be %s with %s", change.target, json.dumps(change.body))
    else:
        with genesys_cloud.connect(context) as client:
            answer = change.send(client)
        if isinstance(answer, Mapping):
            told["answer"] = dg.MetadataValue.json(answer)
    context.add_output_metadata(told)
