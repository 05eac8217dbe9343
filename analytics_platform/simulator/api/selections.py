"""What queries select, kept for a while: one query is asked page after page."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any

import msgspec

from analytics_platform.simulator.world.outline import Outline

_KEPT = 8


class Selections:
    """The conversations that the newest few queries selected, each of its edition at its instant."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, Hashable], list[Outline]] = OrderedDict()
        self._lock = Lock()

    def of(self, asked: Mapping[str, Any], as_of: Hashable, select: Callable[[], list[Outline]]) -> list[Outline]:
        """What `select` gives for a query without its paging, asked of an edition at an instant."""
        key = (msgspec.json.encode(asked, order="sorted"), as_of)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = select()
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]

    def clear(self) -> None:
        """Forget all, where what is selected may have changed."""
        with self._lock:
            self._kept.clear()
