"""Lists of entities as the vendor pages them: by number, with links to the pages around."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import ApiError


def entity_page(call: Call, operation: Operation, entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The page of `entities` that a call asks for by `pageSize` and `pageNumber` (from 1), links relative.

    Past the last page `entities` is empty. ApiError 400 for a size or number out of range.
    """
    limits = operation.limits
    size = whole_number(call.query, "pageSize", limits.default_page_size or 25, limits.page_size)
    number = whole_number(call.query, "pageNumber", 1)
    count = -(-len(entities) // size)

    def uri(page: int) -> str:
        asked = call.query | {"pageSize": str(size), "pageNumber": str(page)}
        return f"{operation.path.format(**call.path)}?{urlencode(asked)}"

    told: dict[str, Any] = {
        "entities": list(entities[(number - 1) * size : number * size]),
        "pageSize": size,
        "pageNumber": number,
        "total": len(entities),
        "firstUri": uri(1),
        "selfUri": uri(number),
        "pageCount": count,
    }
    if count:
        told["lastUri"] = uri(count)
    if number < count:
        told["nextUri"] = uri(number + 1)
    if 1 < number <= count + 1:
        told["previousUri"] = uri(number - 1)
    return told


def whole_number(query: Mapping[str, str], name: str, default: int, most: int | None = None) -> int:
    """A whole number from 1 to `most` among the query parameters; ApiError 400 when it is none."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1 or (most is not None and int(text) > most):
        bounds = f"1 to {most}" if most is not None else "at least 1"
        raise ApiError(
            400, "invalid.query.param.value", f"Value [{text}] is not valid for parameter [{name}]. It must be {bounds}"
        )
    return int(text)


def listed_words(query: Mapping[str, str], name: str) -> frozenset[str]:
    """The words of a query parameter that takes several by commas; none when it is absent."""
    return frozenset(word for word in query.get(name, "").split(",") if word)
