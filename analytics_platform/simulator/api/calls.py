"""One request that got through the gate, and what serves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.options import OAuthClient


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: who asks, for which operation, with what."""

    client: OAuthClient
    name: str
    path: dict[str, str]
    query: dict[str, str]
    body: bytes


class Api(Protocol):
    """Some of the vendor's operations, served."""

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        ...
