"""Asking what is going on now: about everybody the org lists, as many in one query as the vendor takes."""

from collections.abc import Iterator, Sequence

from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.observations import ObservationFamily
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.answered import Answered, ask
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed_ids


def observe(
    client: GenesysCloud, family: ObservationFamily, metrics: Sequence[str] | None = None
) -> Iterator[Answered]:
    """What the family's queues, users or flows are doing now, one answer a batch of ids; all metrics where None.

    Of users, the active ones. They are listed each time, a page as large as a batch: who is new is in the next
    snapshot, and nothing is kept that could be stale. Raises UnknownName before any request, and the client's errors.
    """
    require_known(metrics or (), family.metrics, f"metric of {family.name} observations")
    active = {"state": "active"} if family.listing is USER_LIST else {}
    ids = listed_ids(client, family.listing, **active)
    size = family.operation.limits.ids or len(ids)
    for first in range(0, len(ids), size):
        predicates = [
            {"type": "dimension", "dimension": family.dimension, "operator": "matches", "value": one}
            for one in ids[first : first + size]
        ]
        body = {"filter": {"type": "or", "predicates": predicates}, "metrics": list(metrics or family.metrics)}
        yield ask(client, family.operation, body=body)
