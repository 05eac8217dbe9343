"""`demo`: a simulated org, its days landed through the real HTTP path and Dagster, and a first answer from the data."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

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
_STREAMS = Path(__file__).with_name("demo.toml")
_QUESTIONS = {
    "Conversations by medium, how long they were handled and waited for": """
SELECT media_type AS medium,
       count(DISTINCT conversation_id) AS conversations,
       CAST(avg(value) FILTER (name = 'tHandle') / 1000 AS BIGINT) AS handle_seconds,
       CAST(avg(value) FILTER (name = 'tAnswered') / 1000 AS BIGINT) AS wait_seconds,
       count(*) FILTER (name = 'tAbandon') AS abandoned
FROM session_metrics
GROUP BY media_type
ORDER BY conversations DESC
""",
    "The busiest half hours, from the vendor's own aggregates": """
SELECT strftime(interval_start, '%Y-%m-%d %H:%M') AS half_hour_utc,
       sum(count) FILTER (metric = 'nOffered') AS offered,
       sum(count) FILTER (metric = 'tAnswered') AS answered,
       CAST(sum(numerator) FILTER (metric = 'oServiceLevel')
            / sum(denominator) FILTER (metric = 'oServiceLevel') * 100 AS BIGINT) AS service_level_percent
FROM conversation_aggregates
GROUP BY interval_start
ORDER BY offered DESC, half_hour_utc
LIMIT 3
""",
    "An export of the view Queue Performance, as the vendor wrote it": """
SELECT queue_name, sum(offer) AS offered, sum(answer) AS answered, sum(abandon) AS abandoned
FROM export_queue_performance
GROUP BY queue_name
ORDER BY offered DESC
LIMIT 3
""",
    "The queues' people just now": """
SELECT strftime(taken_at, '%H:%M') AS at_utc, system_presence, sum(count) AS memberships
FROM queue_observations
WHERE metric = 'oUserPresences' AND tick = (SELECT max(tick) FROM queue_observations)
GROUP BY ALL
ORDER BY memberships DESC
LIMIT 3
""",
}


def demo(
    days: Annotated[int, typer.Option(min=1, max=31, help="Days of the simulated org, until yesterday.")] = 3,
    conversations_per_day: Annotated[int, typer.Option(min=1)] = CONVERSATIONS_PER_DAY,
) -> None:
    """Land several days of a simulated Genesys org and ask the lake a first question."""
    console = Console()
    first = datetime.now(UTC).date() - timedelta(days=days)
    wanted = [first + timedelta(days=count) for count in range(days)]
    with simulated_org(first, conversations_per_day, exported_files()) as url:
        console.print(f"Simulated Genesys org: {url}, {days} days of {conversations_per_day} conversations")
        point_at(url, first)
        prepared_home()
        land(wanted, console)
    lake = _lake()
    console.print(_landed(lake, wanted))
    for title, question in _QUESTIONS.items():
        console.print(f"\n{title}:\n")
        _answer(lake, question)
    console.print("\nNext: [bold]make ui[/] to see it in Dagster, or analytics-platform sql to ask more.")


def exported_files() -> Path:
    """Where the simulated org's Context Services export files to, which a drive of theirs is mounted as."""
    return load_settings().state.absolute() / "simulated_gms"


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
            "GMS_URL": url,
            "GMS_FILE_FOLDERS": f"C:/={exported_files()}",
            "ANALYTICS_PLATFORM_STREAMS": os.environ.get("ANALYTICS_PLATFORM_STREAMS", str(_STREAMS)),
        }
    )


class _Landing(NamedTuple):
    """Assets that one run lands, over which days."""

    name: str
    tables: list[str]
    days: Sequence[date]


def _landings(days: Sequence[date]) -> Iterator[_Landing]:
    """Everything there is to land: the days of what lands by day, and a snapshot of what is so now."""
    from analytics_platform.capabilities import known_capabilities
    from analytics_platform.catalogue.observations import OBSERVATIONS
    from analytics_platform.catalogue.services import SERVICES
    from analytics_platform.catalogue.streams import STREAMS
    from analytics_platform.choices import load_choices
    from analytics_platform.defs import aggregates, bots, exports, services

    settings = load_settings()
    choices = load_choices(settings)
    for stream in STREAMS:
        yield _Landing(stream.raw.name, [stream.raw.name], days)
        yield _Landing(stream.typed, [table.name for table in stream.tables], days)
    daily = {
        "aggregates": aggregates.streams(choices),
        "bot turns": bots.streams(choices, known_capabilities(settings)),
        "exports": exports.streams(choices),
        "services listed and read": [services.services_stream()],
    }
    for name, streams in daily.items():
        yield _Landing(name, [table for each in streams for table in each.assets], days)
    yield _Landing("services", [table.name for table in SERVICES.tables], days)
    snapshots = [table.name for family in OBSERVATIONS for table in (family.raw, family.table)]
    yield _Landing("observations", snapshots, [datetime.now(UTC).date()])


def land(days: Sequence[date], console: Console) -> None:
    """Run the assets of every stream over the days in this process, and show how many days are there."""
    lake = _lake()
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(1) as pool:
        for name, tables, wanted in _landings(days):
            task = progress.add_task(name, total=len(wanted))
            run = pool.submit(_run, tables, wanted)
            while not run.done():
                wait([run], timeout=0.2)
                # Tables are published one after another, so the last one tells how far all are.
                progress.update(task, completed=len(set(lake.days(tables[-1])).intersection(wanted)))
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
    """What landed, per table and day, and where; answers kept whole beside a table are left out."""
    shown = Table(title=f"Rows landed in {lake.place.name}", title_justify="left", show_edge=False)
    shown.add_column("table", no_wrap=True)
    for heading in (*(f"{day:%m-%d}" for day in days), "others", "MB"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for landing in _landings(days):
        for table in landing.tables:
            if table.endswith("_raw"):
                continue
            manifests = lake.manifests(table)
            others = sum(manifest.rows for day, manifest in manifests.items() if day not in days)
            size = sum(manifest.bytes for manifest in manifests.values()) / 1e6
            rows = [f"{manifests[day].rows:,}" if day in manifests else "" for day in days]
            shown.add_row(table, *rows, f"{others:,}", f"{size:.1f}")
        shown.add_section()
    return shown


def _answer(lake: "Lake", question: str) -> None:
    """A question, asked of the lake in SQL."""
    from analytics_platform.lake.views import connect

    with connect(lake) as database:
        tell(database.execute(question), Format.TABLE, sys.stdout)
