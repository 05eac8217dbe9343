"""Seeded chance: the same seed gives the same draws on every platform and run."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Dice(Random):
    """Random draws in the shapes the world needs."""

    def uuid(self) -> str:
        """A version 4 UUID as the vendor writes it."""
        digits = f"{self.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def span(self, low: int, high: int) -> int:
        """A whole number in [low, high)."""
        return low + int(self.random() * (high - low))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of `items`, all equally likely."""
        return items[int(self.random() * len(items))]

    def few(self, items: Sequence[Item], most: int) -> list[Item]:
        """One to `most` neighbours out of `items`, in their order."""
        first = int(self.random() * len(items))
        return list(items[first : first + 1 + int(self.random() * most)])

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def digits(self, count: int) -> str:
        return f"{int(self.random() * 10**count):0{count}d}"
