"""The families of observations: about whom each is asked, and the tidy table its snapshots make."""

from dataclasses import dataclass

from analytics_platform.catalogue.aggregates import METRIC, QUALIFIER, STATISTICS, SYSTEM_PRESENCE
from analytics_platform.catalogue.answers import TAKEN_AT, TICK, raw_answers
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.observations import (
    FLOW_LIST,
    FLOW_OBSERVATIONS,
    QUEUE_LIST,
    QUEUE_OBSERVATIONS,
    USER_LIST,
    USER_OBSERVATIONS,
)
from analytics_platform.catalogue.tables import Column, Table, plain_table, snake_case


@dataclass(frozen=True, eq=False)
class ObservationFamily:
    """One family of observations: `dimension` names those it is asked about, `listing` the operation that lists them,
    `dimensions` what a group can be told apart by."""

    name: str
    operation: Operation
    listing: Operation
    dimension: str
    dimensions: tuple[str, ...]
    raw: Table
    table: Table

    @property
    def stream(self) -> str:
        """The name of the stream and of its tidy table, such as `queue_observations`."""
        return self.operation.tables[0]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the org must serve: the query, and the list of those it is asked about."""
        return (self.operation, self.listing)

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the vendor can observe."""
        return model(str(self.operation.takes)).fields["metrics"].known_values


_TRUNCATED = Column("truncated", "bool", "truncated", "Whether the vendor left out some of what it observed.")


def _family(operation: Operation, listing: Operation, *dimensions: str) -> ObservationFamily:
    stream = operation.tables[0]
    groups = tuple(Column(snake_case(name), "string", name, f"The vendor's {name}.") for name in dimensions)
    presence = (SYSTEM_PRESENCE,) if "systemToOrganizationMappings" in model(str(operation.gives)).fields else ()
    return ObservationFamily(
        name=operation.name.partition(".")[0],
        operation=operation,
        listing=listing,
        dimension=dimensions[0],
        dimensions=dimensions,
        raw=raw_answers(stream, f"{operation.summary} Each answer whole, as the source sent it.", snapshot=True),
        table=plain_table(
            stream,
            (TICK, TAKEN_AT, *groups, METRIC, QUALIFIER, *presence, _TRUNCATED, *STATISTICS),
            ("tick", *(column.name for column in groups), "metric", "qualifier"),
            "taken_at",
            f"{operation.summary} One row a snapshot, group, metric and qualifier.",
        ),
    )


OBSERVATIONS = (
    _family(QUEUE_OBSERVATIONS, QUEUE_LIST, "queueId", "mediaType"),
    _family(USER_OBSERVATIONS, USER_LIST, "userId"),
    _family(FLOW_OBSERVATIONS, FLOW_LIST, "flowId", "mediaType"),
)


def observation_family(name: str) -> ObservationFamily:
    """The family called `name`, such as `queues`; KeyError when there is none."""
    return {known.name: known for known in OBSERVATIONS}[name]
