"""`ui`: the Dagster web server and daemon on this machine, on a simulated org where no other is named."""

import contextlib
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from analytics_platform.cli.demo import CONVERSATIONS_PER_DAY, exported_files, point_at
from analytics_platform.cli.errors import Expected
from analytics_platform.cli.instance import prepared_home
from analytics_platform.cli.servers import beside, code_server, running, simulated_org, until_told_to_stop, wait_for
from analytics_platform.connections import opened_lake
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    import subprocess


def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    conversations_per_day: Annotated[
        int, typer.Option(min=1, help="Of the simulated org, where no real one is named.")
    ] = CONVERSATIONS_PER_DAY,
) -> None:
    """Run the Dagster UI and daemon until interrupted, with the simulated org of the demo where no org is named."""
    settings = load_settings()
    console = Console()
    with until_told_to_stop(), contextlib.ExitStack() as servers:
        if not (settings.region or settings.api_url):
            first = _first_day(settings)
            url = servers.enter_context(simulated_org(first, conversations_per_day, exported_files()))
            point_at(url, first)
            console.print(f"No org is named in the environment: simulated Genesys org at {url}")
        home = prepared_home()
        log = home / "servers.log"
        workspace, code = servers.enter_context(code_server(log))
        of_code, bound = ["-w", str(workspace)], ["-h", "127.0.0.1", "-p", str(port)]
        web = servers.enter_context(
            running([beside("dagster-webserver"), *of_code, *bound], "dagster-webserver", log=log)
        )
        daemon = servers.enter_context(running([beside("dagster-daemon"), "run", *of_code], "dagster-daemon", log=log))
        address = f"http://127.0.0.1:{port}"
        wait_for(web, lambda: _answers(address), f"The Dagster web server did not come up at {address}; see {log}.")
        console.print(f"Dagster UI: [bold]{address}[/] (log: {log}); Ctrl-C ends it.")
        _stay(code, web, daemon)
        raise Expected(f"A Dagster server ended by itself; see {log}.")


def _first_day(settings: Settings) -> date:
    """The first partition with data of its own, so that the simulated org is the one that was landed before."""
    landed = opened_lake(settings).days("conversation_details")
    return min(landed, default=datetime.now(UTC).date() - timedelta(days=3))


def _answers(address: str) -> bool:
    import httpx

    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{address}/server_info", trust_env=False).is_success
    return False


def _stay(*processes: "subprocess.Popen[str]") -> None:
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
