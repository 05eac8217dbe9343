"""The capability probe as a job: asks the org once a day what it serves, and keeps and shows the answer."""

from collections import Counter
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.operations import OPERATIONS
from analytics_platform.defs.failures import explained
from analytics_platform.defs.resources import GenesysCloudResource
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_platform.genesys_cloud.standings import Learned


def definitions(settings: Settings) -> dg.Definitions:
    """The job and its daily schedule; whether it runs by itself is the setting of the sensors."""
    running = settings.sensors == "running"
    return dg.Definitions(
        jobs=[capability_probe],
        schedules=[
            dg.ScheduleDefinition(
                name="capability_probe_daily",
                job=capability_probe,
                cron_schedule="0 3 * * *",
                execution_timezone="UTC",
                default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
                description="Learns every day what the org serves: a permission that was granted, an operation gone.",
            )
        ],
    )


@dg.op(
    description="Asks each operation that reads its least harmful question; some 45 requests, none changes anything."
)
def probe_operations(context: dg.OpExecutionContext, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud.probe import lacking, probe_each, shared

    settings = load_settings()
    with explained(), genesys_cloud.connect(context) as client:
        each, refused = probe_each(client)
    for client_id, fault in refused.items():
        context.log.error("The OAuth client %s is refused: %s", client_id, fault)
    for client_id, names in lacking(each).items():
        context.log.error("The OAuth client %s may not call what another may: %s.", client_id, ", ".join(names))
    known = remember(settings, shared(each)).learned
    context.add_output_metadata(_told(known))


@dg.job(
    description="What the org serves this OAuth client. Assets that it does not serve are not requested by themselves; "
    "reload the code location to see that in their descriptions."
)
def capability_probe() -> None:
    probe_operations()


def _told(learned: "Mapping[str, Learned]") -> "dict[str, dg.TableMetadataValue | int]":
    """A row for each operation, and how many stand how."""
    rows = [
        dg.TableRecord(
            {
                "operation": each.name,
                "called": f"{each.method} {each.path}",
                "stands": learned[each.name].standing.value,
                "why": learned[each.name].why,
                "learned": f"{learned[each.name].at:%Y-%m-%d %H:%M:%S} UTC",
            }
        )
        for each in OPERATIONS
    ]
    return {
        "operations": dg.MetadataValue.table(rows),
        **Counter(known.standing.value for known in learned.values()),
    }
