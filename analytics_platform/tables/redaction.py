"""People's data taken out of what the source sent, or hashed in it, where a policy says that not even raw keeps it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from analytics_platform.tables.services import named_by_the_vendor
from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE

Change = Callable[[str], str] | None
"""What becomes of a text; None takes the member out."""
_KEEP = object()


@dataclass(frozen=True)
class Redaction:
    """Changes members of JSON texts, told by the end of their path; lists are passed over.

    `("sessions", "ani")` is every `ani` of an object in `sessions`, `("attributes", "*")` each member of `attributes`,
    `("+",)` each that the vendor of services does not name.
    """

    changes: Mapping[tuple[str, ...], Change]

    def text(self, text: bytes) -> bytes | None:
        """The text with its members changed; None where it is no JSON, as nobody knows what stands in it."""
        try:
            told = msgspec.json.decode(readable(text))
        except UNDECODABLE:
            return None
        return msgspec.json.encode(self._node(told, ()))

    def _node(self, node: Any, path: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [self._node(each, path) for each in node]
        if not isinstance(node, dict):
            return node
        told = {}
        for name, value in node.items():
            here = (*path, name)
            change = self._change(here)
            if change is _KEEP:
                told[name] = self._node(value, here)
            elif change is not None:
                told[name] = _changed(value, change)
        return told

    def _change(self, path: tuple[str, ...]) -> Any:
        *above, name = path
        for end, change in [*self._by_name.get(name, ()), *self._by_name.get("*", ())]:
            if tuple(above[len(above) - len(end) + 1 :]) == end[:-1]:
                return change
        unknown = ("+",) in self.changes and name not in named_by_the_vendor()
        return self.changes[("+",)] if unknown else _KEEP

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[tuple[str, ...], Change]]]:
        found: dict[str, list[tuple[tuple[str, ...], Change]]] = {}
        for end, change in self.changes.items():
            found.setdefault(end[-1], []).append((end, change))
        return found


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    """A value with every text in it changed; numbers too, as telephone numbers may be sent so."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_changed(each, change) for each in value]
    if isinstance(value, dict):
        return {name: _changed(each, change) for name, each in value.items()}
    return change(value if isinstance(value, str) else msgspec.json.encode(value).decode())
