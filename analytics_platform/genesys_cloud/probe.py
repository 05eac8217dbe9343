"""The capability probe: which operations an org serves this OAuth client, each asked its least harmful question.

Lists are asked for one entity, entities by an id that nobody has, queries for one metric of one minute. Nothing that
changes something, or that starts a job, is asked: it is inferred from a read beside it, as far as that can tell.

How the vendor answers a path it does not know is not published. So such a path is asked first, and a 404 by id that
reads the same tells nothing of the operation; what reads otherwise is told by the operation itself.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from analytics_platform.catalogue.models import Field, model
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.operations import OPERATIONS, Operation
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    BudgetUnusable,
    MissingPermission,
    NotFound,
    RateLimited,
    SourceError,
    Unreachable,
    Untrusted,
)

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud

_ENDS_IT = (BadCredentials, Unreachable, Untrusted, BudgetUnusable, RateLimited)
"""What the next question would meet again."""
_LEAST = {Standing.NOT_PERMITTED: 0, Standing.NOT_ANSWERED: 1, Standing.NOT_KNOWN: 2, Standing.SERVED: 3}
_NOWHERE = Operation("probe.nowhere", "GET", "/api/v2/analytics/{nowhere}")
_PATH_NAME = re.compile(r"{(\w+)}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Question:
    """The least harmful call of an operation."""

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


def probe(client: "GenesysCloud") -> dict[str, Learned]:
    """What the org answers to each operation of the catalogue, by its name; some 45 requests, none of which changes
    anything.

    A passing fault of one operation leaves it not known. Raises BadCredentials, Unreachable, Untrusted, RateLimited and
    BudgetUnusable, after which nothing more is asked.
    """
    stranger = _told(_refused(client, Question(_NOWHERE, path={"nowhere": str(uuid.uuid4())})))
    asked = {
        question.operation.name: _learned(question.operation, _refused(client, question), stranger)
        for question in questions(datetime.now(UTC))
    }
    return {operation.name: _settled(operation, asked) for operation in OPERATIONS}


def probe_each(client: "GenesysCloud") -> tuple[dict[str, dict[str, Learned]], dict[str, BadCredentials]]:
    """What the org answers to each OAuth client of a connection, and why it refuses those it refuses, by their ids.

    Raises as `probe`; BadCredentials only where all are refused.
    """
    learned: dict[str, dict[str, Learned]] = {}
    refused: dict[str, BadCredentials] = {}
    for each in client.client_ids:
        try:
            learned[each] = probe(client.alone(each))
        except BadCredentials as fault:
            refused[each] = fault
    if not learned:
        raise next(iter(refused.values()))
    return learned, refused


def shared(learned: Mapping[str, Mapping[str, Learned]]) -> dict[str, Learned]:
    """What all OAuth clients are served: of each operation what the least of them was told."""
    return {
        operation.name: min((told[operation.name] for told in learned.values()), key=lambda one: _LEAST[one.standing])
        for operation in OPERATIONS
    }


def lacking(learned: Mapping[str, Mapping[str, Learned]]) -> dict[str, list[str]]:
    """By OAuth client the operations that it may not call though another may; nothing of one that lacks none."""
    served = {name for told in learned.values() for name, one in told.items() if one.standing is Standing.SERVED}
    found = {
        client: sorted(name for name in served if told[name].standing is Standing.NOT_PERMITTED)
        for client, told in learned.items()
    }
    return {client: names for client, names in found.items() if names}


def questions(now: datetime) -> Iterator[Question]:
    """The question of every operation that can be asked without changing or starting anything."""
    for operation in OPERATIONS:
        if operation.method == "GET" or operation.path.endswith("/query"):
            yield Question(
                operation,
                path={name: str(uuid.uuid4()) for name in _PATH_NAME.findall(operation.path)},
                query=_least_query(operation),
                body=_least_body(operation, now) if operation.takes else None,
            )


def _refused(client: "GenesysCloud", question: Question) -> SourceError | None:
    """The error that answers a question, None where it is answered."""
    try:
        client.call(question.operation, path=question.path, query=question.query, body=question.body, repeatable=True)
    except _ENDS_IT:
        raise
    except SourceError as fault:
        return fault
    return None


def _learned(operation: Operation, fault: SourceError | None, stranger: tuple[object, ...]) -> Learned:
    now = datetime.now(UTC)
    if fault is None:
        return Learned(Standing.SERVED, now)
    if isinstance(fault, MissingPermission):
        return Learned(Standing.NOT_PERMITTED, now, _not_permitted(operation, fault.message))
    if isinstance(fault, NotFound) and _by_id(operation):
        if _told(fault) != stranger:
            return Learned(Standing.SERVED, now)
        return _learned_nothing("Its 404 reads like that of a path the org does not know.")
    if isinstance(fault, NotFound) or fault.status == 405:
        return Learned(Standing.NOT_ANSWERED, now, _not_answered(operation))
    if isinstance(fault, BadRequest):
        # The org read the question, so it knows the operation.
        return Learned(Standing.SERVED, now)
    return _learned_nothing(str(fault))


def _settled(operation: Operation, asked: Mapping[str, Learned]) -> Learned:
    """What is learned of an operation: from itself, else from a read beside it, nearest by permissions."""
    own = asked.get(operation.name) or _learned_nothing(
        "It was not asked, since asking would change or start something, and nothing beside it tells."
    )
    if own.standing is not Standing.NOT_KNOWN:
        return own
    beside = [other for other in OPERATIONS if other.name in asked and _beside(other, operation)]
    for other in sorted(beside, key=lambda each: set(each.permissions) != set(operation.permissions)):
        known = asked[other.name]
        if known.standing is Standing.NOT_ANSWERED and (operation.withdrawn or _stem(other) == _stem(operation)):
            return Learned(known.standing, known.at, f"{_not_answered(operation)} Told by {other.name}.")
        if known.standing is Standing.SERVED and _enough(other, operation):
            return Learned(known.standing, known.at, f"Told by {other.name}, which is served.")
        if known.standing is Standing.NOT_PERMITTED and set(other.permissions) == set(operation.permissions):
            return known
    return own


def _beside(other: Operation, operation: Operation) -> bool:
    """Whether an operation that asks for no entity is of the same family and came and went with the other."""
    if other is operation or _by_id(other) or other.withdrawn != operation.withdrawn:
        return False
    if other.name.partition(".")[0] != operation.name.partition(".")[0]:
        return False
    return operation.withdrawn is not None or _stem(other).startswith(_stem(operation))


def _enough(other: Operation, operation: Operation) -> bool:
    """Whether who may call `other` may call `operation`."""
    held, needed = set(other.permissions), set(operation.permissions)
    return not needed or held == needed or bool(held and held < needed and not operation.all_of)


def _stem(operation: Operation) -> str:
    return operation.path.partition("/{")[0]


def _by_id(operation: Operation) -> bool:
    return "{" in operation.path or any(parameter.name == "id" for parameter in operation.parameters)


def _not_permitted(operation: Operation, message: str | None) -> str:
    """What to grant; the vendor's own words where they name another permission than the catalogue."""
    known = any(permission in (message or "") for permission in operation.permissions)
    said = "" if known or not message else f" (the vendor says “{message}”)"
    return f"The OAuth client may not call {operation.method} {operation.path}{said}: {operation.grant}."


def _not_answered(operation: Operation) -> str:
    gone = f", which the vendor withdrew with release {operation.withdrawn} of its SDK" if operation.withdrawn else ""
    instead = f"; {operation.successor} takes its place" if operation.successor else ""
    return f"This org does not answer {operation.method} {operation.path}{gone}{instead}."


def _learned_nothing(why: str) -> Learned:
    return Learned(Standing.NOT_KNOWN, datetime.now(UTC), why)


def _told(fault: SourceError | None) -> tuple[object, ...]:
    """An error's status and words without what differs from call to call: paths and ids."""
    if fault is None:
        return ()
    words = " ".join(word for word in (fault.message or "").split() if not word.startswith("/api/"))
    return (fault.status, fault.code, _UUID.sub("", words))


def _least_query(operation: Operation) -> dict[str, str | int]:
    least: dict[str, str | int] = {"pageSize": 1, "id": str(uuid.uuid4())}
    return {each.name: least[each.name] for each in operation.parameters if each.name in least}


def _least_body(operation: Operation, now: datetime) -> dict[str, Any]:
    """A query's body: what the model requires, and a page of one where it has pages."""
    minute = now.replace(second=0, microsecond=0) - timedelta(days=1)
    least: dict[str, Any] = {
        "interval": f"{minute:%Y-%m-%dT%H:%M:%SZ}/{minute + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
        "filter": _nobody(operation),
        "paging": {"pageSize": 1, "pageNumber": 1},
        "pageSize": 1,
    }
    return {
        each.name: least.get(each.name, _any_word(each))
        for each in model(str(operation.takes)).fields.values()
        if each.required or each.name in ("paging", "pageSize")
    }


def _nobody(operation: Operation) -> dict[str, Any] | None:
    """The filter of an observation: about somebody who is not there."""
    for family in OBSERVATIONS:
        if family.operation is operation:
            about = {"type": "dimension", "dimension": family.dimension, "operator": "matches"}
            return {"type": "and", "predicates": [{**about, "value": str(uuid.uuid4())}]}
    return None


def _any_word(asked: Field) -> object:
    word = asked.known_values[0] if asked.known_values else "conversations"
    return [word] if asked.container == "list" else word
