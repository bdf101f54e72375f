"""
Random choices that are the same for the same seed in every Python version and on every machine.

Only `random.Random.random` is promised to stay as it is, so every choice here is made from it by plain arithmetic.
Logarithms and sines are left out: their last digit depends on the machine's mathematical library.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A seeded source of choices."""

    __slots__ = ("draw",)

    def __init__(self, seed: int) -> None:
        """Start from `seed`; `draw()` gives floats in [0, 1)."""
        self.draw = random.Random(seed).random

    def below(self, bound: int) -> int:
        """An integer in [0, bound), each as likely."""
        return int(self.draw() * bound)

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high], each as likely."""
        return low + int(self.draw() * (high - low + 1))

    def mostly_low(self, low: int, high: int) -> int:
        """An integer in [low, high], small ones more likely: the length of waits and sessions."""
        drawn = self.draw()
        return low + int(drawn * drawn * (high - low + 1))

    def gap(self) -> float:
        """A share of a mean gap between two arrivals, in [0, 3): its mean is 1, and it comes in bursts."""
        drawn = self.draw()
        return 3.0 * drawn * drawn

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`, each as likely."""
        return values[int(self.draw() * len(values))]

    def favour(self, values: Sequence[T]) -> T:
        """One of `values`, the first ones far more likely than the last: names have favourites."""
        drawn = self.draw()
        return values[int(drawn * drawn * drawn * len(values))]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """A new list of `values` in random order."""
        left = list(values)
        return [left.pop(self.below(len(left))) for _ in values]
