"""One request that got through the gate, and what serves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.options import OAuthClient


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: who asks, for which operation, with what.

    A query parameter that is given repeatedly is held as one, its values by commas; `base` is where the caller found
    the org, such as `http://127.0.0.1:8765`.
    """

    client: OAuthClient
    name: str
    path: dict[str, str]
    query: dict[str, str]
    body: bytes
    base: str


class Api(Protocol):
    """Some of the vendor's operations, served."""

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        ...
