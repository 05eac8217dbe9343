"""The families of aggregates: what each is asked by default, and the tidy table its answers make."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from analytics_platform.catalogue.answers import raw_answers
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import CONVERSATION_JOBS, USER_JOBS, JobFamily, Operation
from analytics_platform.catalogue.operations.aggregates import (
    BOT_AGGREGATES,
    CONVERSATION_AGGREGATES,
    EVALUATION_AGGREGATES,
    FLOW_AGGREGATES,
    JOURNEY_AGGREGATES,
    SURVEY_AGGREGATES,
    TRANSCRIPT_AGGREGATES,
    USER_AGGREGATES,
)
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.catalogue.tables import Column, Table, own_columns, plain_table, snake_case

STATISTICS = own_columns("StatisticalSummary")
"""A column for each statistic of a metric; timers are in milliseconds."""
METRIC = Column(
    "metric", "string", "metric", "The metric; the statistics of one that times (t...) are in milliseconds."
)
QUALIFIER = Column("qualifier", "string", "qualifier", "What tells rows of one metric apart, such as a presence.")
SYSTEM_PRESENCE = Column(
    "system_presence",
    "string",
    None,
    "The system presence of a qualifier that is an organization presence, by the answer's own mapping.",
)


@dataclass(frozen=True, eq=False)
class AggregateFamily:
    """One family of aggregates. `group_by` are the dimensions asked for by default, all metrics beside them.

    The vendor tells no watermark of aggregates; a day is opened by that of the job family named here.
    """

    name: str
    operation: Operation
    group_by: tuple[str, ...]
    opened_by: JobFamily

    @property
    def stream(self) -> str:
        """The name of the stream and of its tidy table, such as `conversation_aggregates`."""
        return self.operation.tables[0]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the org must serve: the query, the watermark, and the list of users where they are asked about by id."""
        users = (USER_LIST,) if self.operation.limits.ids is not None else ()
        return (self.operation, self.opened_by.availability, *users)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the vendor can group by."""
        return self._known("groupBy")

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the vendor can measure."""
        return self._known("metrics")

    @property
    def has_presences(self) -> bool:
        """Whether an answer maps system presences to the organization presences of qualifiers."""
        return "systemToOrganizationMappings" in model(str(self.operation.gives)).fields

    def _known(self, field: str) -> tuple[str, ...]:
        return model(str(self.operation.takes)).fields[field].known_values

    def raw(self) -> Table:
        """The answers, each kept whole."""
        return _RAW[self.name]

    def table(self, group_by: Sequence[str]) -> Table:
        """The tidy table of a query grouped so: one row a bucket, group, metric and qualifier."""
        return _tidy(self, tuple(group_by))


@cache
def _tidy(family: AggregateFamily, group_by: tuple[str, ...]) -> Table:
    dimensions = tuple(Column(snake_case(name), "string", name, f"The vendor's {name}.") for name in group_by)
    presence = (SYSTEM_PRESENCE,) if family.has_presences else ()
    return plain_table(
        family.stream,
        (_INTERVAL_START, _INTERVAL_END, *dimensions, METRIC, QUALIFIER, *presence, _VIEW, *STATISTICS),
        ("interval_start", *(column.name for column in dimensions), "metric", "qualifier", "view"),
        "interval_start",
        f"{family.operation.summary} A group without data is absent, not zero; a metric belongs to the bucket in "
        "which it was emitted.",
    )


_INTERVAL_START = Column("interval_start", "instant", "interval", "Where the bucket begins, UTC.")
_INTERVAL_END = Column("interval_end", "instant", "interval", "Where it ends, UTC.")
_VIEW = Column("view", "string", "name", "The view the statistics are of; null for the metric itself.")

AGGREGATES = (
    AggregateFamily("bots", BOT_AGGREGATES, ("botId", "botResult", "mediaType"), CONVERSATION_JOBS),
    AggregateFamily("conversations", CONVERSATION_AGGREGATES, ("queueId", "mediaType", "direction"), CONVERSATION_JOBS),
    AggregateFamily("evaluations", EVALUATION_AGGREGATES, ("formId", "queueId", "userId"), CONVERSATION_JOBS),
    AggregateFamily("flows", FLOW_AGGREGATES, ("flowId", "flowType", "mediaType"), CONVERSATION_JOBS),
    AggregateFamily("journeys", JOURNEY_AGGREGATES, ("journeyActionMapId", "journeySessionType"), CONVERSATION_JOBS),
    AggregateFamily("surveys", SURVEY_AGGREGATES, ("surveyFormId", "queueId", "userId"), CONVERSATION_JOBS),
    AggregateFamily("transcripts", TRANSCRIPT_AGGREGATES, ("queueId", "userId", "mediaType"), CONVERSATION_JOBS),
    AggregateFamily("users", USER_AGGREGATES, ("userId",), USER_JOBS),
)
_RAW = {
    family.name: raw_answers(family.stream, f"{family.operation.summary} Each answer whole, as the source sent it.")
    for family in AGGREGATES
}


def aggregate_family(name: str) -> AggregateFamily:
    """The family called `name`, such as `conversations`; KeyError when there is none."""
    return {known.name: known for known in AGGREGATES}[name]
