"""The vendor's REST operations, each described once: client, simulated org, probe and docs read them here."""

from analytics_platform.catalogue.operations.aggregates import AGGREGATE_QUERIES
from analytics_platform.catalogue.operations.bots import BOTS
from analytics_platform.catalogue.operations.details import (
    CONVERSATION_JOBS,
    JOB_FAMILIES,
    QUERIES,
    USER_JOBS,
    JobFamily,
)
from analytics_platform.catalogue.operations.observations import DIRECTORY, OBSERVATION_QUERIES
from analytics_platform.catalogue.operations.operation import ROLES, Lands, Limits, Operation, Parameter
from analytics_platform.catalogue.operations.reporting import REPORTING

OPERATIONS: tuple[Operation, ...] = (
    *(operation for family in JOB_FAMILIES for operation in family.operations),
    *QUERIES,
    *AGGREGATE_QUERIES,
    *OBSERVATION_QUERIES,
    *DIRECTORY,
    *BOTS,
    *REPORTING,
)
LISTED: tuple[Operation, ...] = tuple(
    each for each in sorted(OPERATIONS, key=lambda each: each.listed or 0) if each.listed is not None
)
"""The 45 operations of the vendor's overview, in its order."""


def operation(name: str) -> Operation:
    """The operation called `name`; KeyError when there is none."""
    return {known.name: known for known in OPERATIONS}[name]


__all__ = [
    "CONVERSATION_JOBS",
    "JOB_FAMILIES",
    "LISTED",
    "OPERATIONS",
    "ROLES",
    "USER_JOBS",
    "JobFamily",
    "Lands",
    "Limits",
    "Operation",
    "Parameter",
    "operation",
]
