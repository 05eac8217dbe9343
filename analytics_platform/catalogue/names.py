"""Names somebody wrote, held against those the vendor knows."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class UnknownName(ValueError):
    """A name the vendor does not know; the text says which are nearest."""


def require_known(given: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise UnknownName in one sentence when a name is not among `known`; `what` names it, such as `metric`."""
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
            raise UnknownName(f"There is no {what} {name!r}; nearest are {', '.join(near)}.")
