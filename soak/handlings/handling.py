"""One kind of fault, and what handles it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Handling:
    """One kind of fault and what handles it. `org` says how the simulated org does it, by a fault or a change.

    `text` stands exactly once in `module`, a path below the package, and `instead` takes its place when it is taken
    out; `text` is empty where nothing is there for this kind alone. `test` is a node's id below the tests' folder.
    """

    kind: str
    org: str
    what: str
    module: str
    text: str
    instead: str
    test: str
