"""The commands by name, each imported when it is asked for, and the one place where an expected fault is told."""

import sys
from importlib import import_module
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

_COMMANDS = {
    "demo": "analytics_platform.cli.demo:demo",
    "ui": "analytics_platform.cli.ui:ui",
    "check": "analytics_platform.cli.check:check",
    "status": "analytics_platform.cli.status:status",
    "sql": "analytics_platform.cli.sql:sql",
    "drift": "analytics_platform.cli.drift:drift",
    "rebuild": "analytics_platform.cli.rebuild:rebuild",
    "query": "analytics_platform.cli.query:query",
    "index-property": "analytics_platform.cli.index_property:index_property",
    "services": "analytics_platform.cli.services:services",
    "reports": "analytics_platform.cli.reports:reports",
    "schedules": "analytics_platform.cli.schedules:schedules",
    "settings": "analytics_platform.cli.reporting_settings:settings",
    "forget": "analytics_platform.cli.forget:forget",
    "simulate": "analytics_platform.simulator.command:simulate",
}
_EXPECTED = {
    "analytics_platform.catalogue.names": "UnknownName",
    "analytics_platform.cli.errors": "Expected",
    "analytics_platform.cli.servers": "ServerFailed",
    "analytics_platform.source.errors": "SourceError",
    "analytics_platform.lake.errors": "LakeError",
    "analytics_platform.landing.errors": "LandingError",
    "analytics_platform.settings": "SettingsError",
}


class Commands(TyperGroup):
    """Commands that are imported one at a time. A fault that is expected ends as its sentence and exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, named = _COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), named)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found)
        else:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(found)
            command = typer.main.get_command(single)
        assert isinstance(command, TyperCommand | TyperGroup)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except Exception as fault:
            if not isinstance(fault, _expected()):
                raise
            typer.echo(" ".join(str(fault).split()), err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    help="Every day of a Genesys contact centre in day-partitioned Parquet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _analytics_platform() -> None:
    """Every day of a Genesys contact centre in day-partitioned Parquet."""


def _expected() -> tuple[type[Exception], ...]:
    """The roots of the faults a person can do something about, of those modules that were imported at all."""
    return tuple(getattr(sys.modules[module], name) for module, name in _EXPECTED.items() if module in sys.modules)
