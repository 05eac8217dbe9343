"""The command that starts a simulated org."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, get_args

import typer

from analytics_platform.simulator import Assumptions, OAuthClient, SimulatorOptions, serve
from analytics_platform.simulator.api.faults import Fault, Kind
from analytics_platform.simulator.options import HOST, GmsUser
from analytics_platform.simulator.world.instants import parse

_DEFAULTS = SimulatorOptions()
_ASSUMED = ", ".join(field.name for field in fields(Assumptions))


def _instant(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(parse(text) / 1000, UTC)
    except ValueError as fault:
        raise typer.BadParameter(f"{fault}. Write it like 2026-03-05T12:00:00Z.") from None


def simulate(
    port: Annotated[int, typer.Option(help=f"Port on {HOST}; 0 takes a free one.")] = 8765,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = _DEFAULTS.seed,
    start_day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First UTC day; by default the last is yesterday.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="UTC days on which conversations start.")] = _DEFAULTS.days,
    conversations_per_day: Annotated[int, typer.Option(min=0)] = _DEFAULTS.conversations_per_day,
    agents: Annotated[int, typer.Option(min=1)] = _DEFAULTS.agents,
    late_changes: Annotated[
        bool, typer.Option(help="Whether judgements and corrections come days after a conversation's end.")
    ] = True,
    now: Annotated[
        datetime | None,
        typer.Option(parser=_instant, metavar="INSTANT", help="Where the clock starts; by default the real instant."),
    ] = None,
    running: Annotated[
        bool | None, typer.Option("--running/--fixed", help="Whether the clock runs; it stands when --now is given.")
    ] = None,
    lag_hours: Annotated[float, typer.Option(help="How far the watermark trails the clock.")] = _DEFAULTS.lag_hours,
    users_lag_hours: Annotated[
        float | None, typer.Option(help="The same for user jobs; by default no different.")
    ] = None,
    token_lifetime: Annotated[int, typer.Option(help="Seconds a token lives.")] = _DEFAULTS.token_lifetime,
    rate_limit: Annotated[int, typer.Option(help="Requests a client may make in a minute.")] = _DEFAULTS.rate_limit,
    client: Annotated[
        list[str] | None,
        typer.Option(
            help="id:secret, after which a colon and permissions by commas may follow; by default demo:demo with all."
        ),
    ] = None,
    withdrawn: Annotated[
        bool, typer.Option(help="Whether the org still answers the operations that the vendor withdrew.")
    ] = _DEFAULTS.withdrawn,
    gms_user: Annotated[
        list[str] | None,
        typer.Option(
            help="name:password of a user of Context Services, after which a colon and a role (Administrator, "
            "Supervisor) may follow; without one anybody may use it."
        ),
    ] = None,
    gms_folder: Annotated[
        list[Path] | None,
        typer.Option(
            file_okay=False, help="A folder that a node of Context Services exports files to; one for each node."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:RATE:SEED",
            help="Misbehave at so many of the requests that a fault can strike at, such as cut:0.05:7; kinds: "
            f"{', '.join(get_args(Kind))}.",
        ),
    ] = None,
    assume: Annotated[
        list[str] | None, typer.Option(help=f"name=value, of what the vendor does not document: {_ASSUMED}.")
    ] = None,
) -> None:
    """Run a simulated Genesys Cloud org on this machine until interrupted."""
    assumptions = Assumptions()
    try:
        for text in assume or []:
            assumptions = assumptions.assume(text)
        faults = tuple(Fault.parse(text) for text in fault or [])
        users = tuple(GmsUser.parse(text) for text in gms_user or [])
        clients = tuple(OAuthClient.parse(text) for text in client or []) or _DEFAULTS.clients
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    serve(
        SimulatorOptions(
            port=port,
            seed=seed,
            start_day=start_day.date() if start_day else None,
            days=days,
            conversations_per_day=conversations_per_day,
            agents=agents,
            late_changes=late_changes,
            now=now,
            running=running,
            lag_hours=lag_hours,
            users_lag_hours=users_lag_hours,
            token_lifetime=token_lifetime,
            rate_limit=rate_limit,
            clients=clients,
            withdrawn=withdrawn,
            gms_users=users,
            gms_folders=tuple(gms_folder or ()),
            faults=faults,
            assumptions=assumptions,
        )
    )
