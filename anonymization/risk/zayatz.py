"""Zayatz's estimate of population uniques: sample uniques times the likelihood that one is unique in the population.

By Bayes over group sizes: the sample's sizes stand for the population's, and a group of s people shows exactly one in
the sample by a hypergeometric draw (Zayatz 1991).
"""

from __future__ import annotations

import math

from anonymization.risk.histogram import Histogram


def zayatz(sizes: Histogram, fraction: float) -> float | None:
    """Expected number of population uniques."""
    sample, population = sizes.people, int(sizes.people / fraction)
    one = sum(
        int(groups) * _shows_one(population, int(size), sample)
        for size, groups in zip(sizes.sizes, sizes.groups, strict=True)
    )
    uniques = sizes.of_size(1)
    if one <= 0:
        return None
    return uniques * (uniques * _shows_one(population, 1, sample) / one) / fraction


def _shows_one(population: int, size: int, sample: int) -> float:
    """Likelihood that exactly one of `size` people is among `sample` of `population`."""
    if sample - 1 > population - size:
        return 0.0
    logs = math.log(size) + _choose(population - size, sample - 1) - _choose(population, sample)
    return math.exp(logs)


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
