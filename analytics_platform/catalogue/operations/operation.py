"""What is said of one REST operation of the vendor's, in one place."""

from dataclasses import dataclass
from enum import StrEnum

ROLES = "Admin > Integrations > OAuth > the client > Roles"
"""Where a person grants an OAuth client its permissions."""


class Lands(StrEnum):
    """What an operation is to a person."""

    DAY = "a day"
    """Its answers land in a table partitioned by day."""
    SNAPSHOT = "a snapshot"
    """Its answer, true at one instant only, lands with that instant in the day it was taken."""
    ANSWER = "an answer"
    """It answers a question somebody asks, into a file or onto the screen."""
    ACTION = "an action"
    """It changes something at the vendor, when a person says so."""
    STEP = "a step"
    """It is a step on the way of a stream; nothing lands from it by itself."""


@dataclass(frozen=True)
class Parameter:
    """A query parameter; `default` is the vendor's, `known_values` are its enum today."""

    name: str
    default: str | None = None
    known_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one call takes at most; None where nothing is known. Sources are in the module that declares them."""

    interval_days: int | None = None
    interval_days_filtered: int | None = None
    """The same where the query has a filter."""
    page_size: int | None = None
    default_page_size: int | None = None
    results: int | None = None
    ids: int | None = None
    """Ids in one call, as query parameters or as predicates."""
    views: int | None = None


@dataclass(frozen=True)
class Operation:
    """One REST operation; `path` holds `{names}` to fill.

    `permissions` are those of which one is enough, or of which all are needed where `all_of` says so. `takes` and
    `gives` name the models of the request's and the answer's body, `list[string]` where it is no model; None where
    there is no body or no model of it. `listed` is its row among the 45 operations of the vendor's overview, None for
    one the platform needs beside them. `withdrawn` tells since when the vendor's current API lacks it.
    """

    name: str
    """The name faults, logs, the capability probe and the docs know it by."""
    method: str
    path: str
    permissions: tuple[str, ...] = ()
    all_of: bool = False
    takes: str | None = None
    gives: str | None = None
    parameters: tuple[Parameter, ...] = ()
    limits: Limits = Limits()
    lands: Lands = Lands.STEP
    tables: tuple[str, ...] = ()
    """The tables of the lake it lands in or is a step of."""
    summary: str = ""
    listed: int | None = None
    withdrawn: str | None = None
    successor: str | None = None
    """The name of the operation that takes its place, where it is deprecated or withdrawn."""

    @property
    def grant(self) -> str:
        """What to add to an OAuth client's roles, and where, so that it may call this."""
        needed = (" and " if self.all_of else " or ").join(self.permissions)
        return f"add a role with {needed or 'one that allows it'} at {ROLES}"
