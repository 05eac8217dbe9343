"""`reports`: the reports an org can schedule, their formats and periods."""

from typing import Annotated

import typer

from analytics_platform.cli.reporting import AsJson, asked, tell_list, tell_one, tell_words

Locale = Annotated[str, typer.Option(help="The language of names, such as en-us.")]

reports = typer.Typer(
    help="The org's reports, their formats and the periods they cover; the vendor withdrew them.",
    no_args_is_help=True,
    add_completion=False,
)


@reports.command("list")
def listed(locale: Locale = "", as_json: AsJson = False) -> None:
    """List the reports there are."""
    with asked() as reporting:
        tell_list(reporting.reports(locale), as_json=as_json)


@reports.command()
def show(report: str, locale: Locale = "", as_json: AsJson = False) -> None:
    """Show one report and its parameters."""
    with asked() as reporting:
        tell_one(reporting.report(report, locale), as_json=as_json)


@reports.command()
def formats(as_json: AsJson = False) -> None:
    """List the formats a report comes in."""
    with asked() as reporting:
        tell_words(reporting.formats(), as_json=as_json)


@reports.command()
def periods(as_json: AsJson = False) -> None:
    """List the periods a report can cover."""
    with asked() as reporting:
        tell_words(reporting.time_periods(), as_json=as_json)
