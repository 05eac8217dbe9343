"""`demo`: a simulated org, its days landed through the real HTTP path and Dagster, and a first answer from the data."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from analytics_platform.cli.answers import Format, tell
from analytics_platform.cli.errors import Expected
from analytics_platform.cli.instance import prepared_home
from analytics_platform.cli.servers import simulated_org
from analytics_platform.connections import opened_lake
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    import dagster as dg

    from analytics_platform.lake import Lake

DEMO_CLIENT = {"GENESYSCLOUD_OAUTHCLIENT_ID": "demo", "GENESYSCLOUD_OAUTHCLIENT_SECRET": "demo"}
CONVERSATIONS_PER_DAY = 2000
_QUESTION = """
SELECT media_type AS medium,
       count(DISTINCT conversation_id) AS conversations,
       CAST(avg(value) FILTER (name = 'tHandle') / 1000 AS BIGINT) AS handle_seconds,
       CAST(avg(value) FILTER (name = 'tAnswered') / 1000 AS BIGINT) AS wait_seconds,
       count(*) FILTER (name = 'tAbandon') AS abandoned
FROM session_metrics
GROUP BY media_type
ORDER BY conversations DESC
"""


def demo(
    days: Annotated[int, typer.Option(min=1, max=31, help="Days of the simulated org, until yesterday.")] = 3,
    conversations_per_day: Annotated[int, typer.Option(min=1)] = CONVERSATIONS_PER_DAY,
) -> None:
    """Land several days of a simulated Genesys org and ask the lake a first question."""
    console = Console()
    first = datetime.now(UTC).date() - timedelta(days=days)
    wanted = [first + timedelta(days=count) for count in range(days)]
    with simulated_org(first, conversations_per_day) as url:
        console.print(f"Simulated Genesys org: {url}, {days} days of {conversations_per_day} conversations")
        point_at(url, first)
        prepared_home()
        land(wanted, console)
    lake = _lake()
    console.print(_landed(lake, wanted))
    console.print("\nConversations by medium, how long they were handled and waited for:\n")
    _answer(lake)
    console.print("\nNext: [bold]make ui[/] to see it in Dagster, or analytics-platform sql to ask more.")


def point_at(url: str, first: date) -> None:
    """Make this process and those it starts work on a simulated org."""
    os.environ.update(
        {
            **DEMO_CLIENT,
            "GENESYSCLOUD_API_URL": url,
            "ANALYTICS_PLATFORM_START_DAY": first.isoformat(),
            "ANALYTICS_PLATFORM_POLL_SECONDS": "0.2",
            "ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE": "3000",
            "ANALYTICS_PLATFORM_SENSORS": "running",
        }
    )


def land(days: Sequence[date], console: Console) -> None:
    """Run the assets of every stream over the days in this process, and show how many days are there."""
    from analytics_platform.catalogue.streams import STREAMS

    lake = _lake()
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(1) as pool:
        for stream in STREAMS:
            for name, tables in ((stream.raw.name, [stream.raw.name]), (stream.typed, [t.name for t in stream.tables])):
                task = progress.add_task(name, total=len(days))
                run = pool.submit(_run, tables, days)
                while not run.done():
                    wait([run], timeout=0.2)
                    # Tables are published one after another, so the last one tells how far all are.
                    progress.update(task, completed=len(set(lake.days(tables[-1])).intersection(days)))
                run.result()


def _run(tables: Sequence[str], days: Sequence[date]) -> None:
    import dagster as dg

    from analytics_platform.definitions import platform
    from analytics_platform.defs.partitions import range_tags

    job = dg.define_asset_job("demo", selection=dg.AssetSelection.assets(*tables))
    definitions = dg.Definitions.merge(platform(load_settings()), dg.Definitions(jobs=[job]))
    with dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def("demo").execute_in_process(
            instance=instance,
            tags=range_tags(days),
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            raise_on_error=False,
        )
    if not result.success:
        raise Expected(_why(result))


def _why(result: "dg.ExecuteInProcessResult") -> str:
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data.description if data.user_failure_data else None
            return told or (data.error.message.strip() if data.error else f"The step {event.step_key} failed.")
    return "The run failed; see it in the Dagster UI."


def _lake() -> "Lake":
    return opened_lake(load_settings())


def _landed(lake: "Lake", days: Sequence[date]) -> Table:
    """What landed, per table and day, and where."""
    from analytics_platform.catalogue.streams import STREAMS

    shown = Table(title=f"Rows landed in {lake.place.name}", title_justify="left", show_edge=False)
    shown.add_column("table", no_wrap=True)
    for heading in (*(str(day) for day in days), "earlier", "MB"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for stream in STREAMS:
        for table in (stream.raw, *stream.tables):
            manifests = lake.manifests(table.name)
            earlier = sum(manifest.rows for day, manifest in manifests.items() if day < days[0])
            size = sum(manifest.bytes for manifest in manifests.values()) / 1e6
            rows = [f"{manifests[day].rows:,}" if day in manifests else "missing" for day in days]
            style = "bold" if table is stream.raw else None
            shown.add_row(table.name, *rows, f"{earlier:,}", f"{size:.1f}", style=style)
        shown.add_section()
    return shown


def _answer(lake: "Lake") -> None:
    """A first question, asked of the lake in SQL."""
    from analytics_platform.lake.views import connect

    with connect(lake) as database:
        tell(database.execute(_QUESTION), Format.TABLE, sys.stdout)
