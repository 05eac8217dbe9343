"""`settings`: what the org's reports mask, looked at and changed."""

from typing import Annotated

import typer

from analytics_platform.cli.reporting import AsJson, DryRun, Yes, asked, body_of, tell_one
from analytics_platform.cli.reporting import change as change_at_vendor

settings = typer.Typer(
    help="What the org's reports mask; a change alters what later extracts hold.",
    no_args_is_help=True,
    add_completion=False,
)


@settings.command()
def show(as_json: AsJson = False) -> None:
    """Show whether reports mask personal data and hide agents."""
    with asked() as reporting:
        tell_one(reporting.settings(), as_json=as_json)


@settings.command()
def change(
    fields: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Such as piiMaskingEnabled=true.")],
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Change what reports mask; what is not named stays. It alters what later extracts hold."""
    from analytics_platform.catalogue.operations.reporting import SETTINGS_CHANGE
    from analytics_platform.genesys_cloud.reporting import change_settings

    change_at_vendor(change_settings(body_of(SETTINGS_CHANGE, "", fields)), dry_run=dry_run, sure=yes)
