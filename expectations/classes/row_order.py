"""行の並び: the order of rows, and random numbers, say nothing about the order of the source."""

from __future__ import annotations

from math import lgamma, log, sqrt

from expectations.classes.base import Example, Own

#: How often chance alone may stop a table: once in 10^9.
CHANCE = 1e-9


def most_correlation(rows: int) -> int:
    """Largest |Spearman's rho| that chance explains, in millionths: six standard deviations of 1 / sqrt(rows - 1)."""
    return min(1_000_000, int(6_000_000 / sqrt(max(1, rows - 1))))


def longest_run(rows: int) -> int:
    """Longest run in the order of the source that chance explains: of n rows some run of L has odds under n / L!."""
    length = 2
    while log(max(1, rows)) - lgamma(length + 2) > log(CHANCE):
        length += 1
    return length


EXPECTATION = Own(
    name="ExpectRowOrderToTellNothing",
    ja="行の順序と無作為番号から元の順序が分からないこと",
    en="Expect the order of rows, and numbers of people and claims, to follow the source no more than chance does.",
    source="APPI Enforcement Rules art. 34 item 3 and 5; measured while the release is made, attested here",
    test=lambda arguments: lambda excess: int(excess) == 0,
    examples=(Example({}, (0,), (1,)),),
)
