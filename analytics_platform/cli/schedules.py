"""`schedules`: scheduled reports and their runs, looked at and changed."""

import typer

from analytics_platform.cli.reporting import (
    AsJson,
    Body,
    DryRun,
    Fields,
    Yes,
    asked,
    body_of,
    change,
    tell_list,
    tell_one,
)

schedules = typer.Typer(
    help="Scheduled reports and their runs; the vendor withdrew them.", no_args_is_help=True, add_completion=False
)


@schedules.command("list")
def listed(as_json: AsJson = False) -> None:
    """List the scheduled reports."""
    with asked() as reporting:
        tell_list(reporting.schedules(), as_json=as_json)


@schedules.command()
def show(schedule: str, as_json: AsJson = False) -> None:
    """Show one scheduled report."""
    with asked() as reporting:
        tell_one(reporting.schedule(schedule), as_json=as_json)


@schedules.command()
def create(fields: Fields = None, body: Body = "", dry_run: DryRun = False) -> None:
    """Schedule a report; reportId, quartzCronExpression and interval are required."""
    from analytics_platform.catalogue.operations.reporting import SCHEDULE_CREATE
    from analytics_platform.genesys_cloud.reporting import create_schedule

    change(create_schedule(body_of(SCHEDULE_CREATE, body, fields)), dry_run=dry_run)


@schedules.command()
def update(schedule: str, fields: Fields = None, body: Body = "", dry_run: DryRun = False, yes: Yes = False) -> None:
    """Make a scheduled report what is given, whole: what is left out is gone. `show --json` gives what it is now."""
    from analytics_platform.catalogue.operations.reporting import SCHEDULE_UPDATE
    from analytics_platform.genesys_cloud.reporting import update_schedule

    change(update_schedule(schedule, body_of(SCHEDULE_UPDATE, body, fields)), dry_run=dry_run, sure=yes)


@schedules.command()
def delete(schedule: str, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Delete a scheduled report."""
    from analytics_platform.genesys_cloud.reporting import delete_schedule

    change(delete_schedule(schedule), dry_run=dry_run, sure=yes)


@schedules.command()
def history(schedule: str, as_json: AsJson = False) -> None:
    """List the finished runs of a scheduled report."""
    with asked() as reporting:
        tell_list(reporting.history(schedule), as_json=as_json)


@schedules.command()
def latest(schedule: str, as_json: AsJson = False) -> None:
    """Show the newest finished run of a scheduled report."""
    with asked() as reporting:
        tell_one(reporting.latest(schedule), as_json=as_json)


@schedules.command()
def run(schedule: str, run: str, as_json: AsJson = False) -> None:
    """Show one finished run of a scheduled report."""
    with asked() as reporting:
        tell_one(reporting.run(schedule, run), as_json=as_json)


@schedules.command("run-now")
def run_now(schedule: str, dry_run: DryRun = False) -> None:
    """Run a scheduled report now, beside its schedule."""
    from analytics_platform.genesys_cloud import reporting

    change(reporting.run_now(schedule), dry_run=dry_run)
