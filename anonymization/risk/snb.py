"""The slide negative binomial model: group sizes of the population are 1 + a negative binomial number.

Chen & McNulty (1998): the number K of groups of the population is estimated from the sample (Haas & Stokes 1998), the
parameters (alpha, beta) from the expected numbers of sample groups of one and two; K * beta^alpha groups have one
person.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from anonymization.risk.histogram import Histogram


def snb(sizes: Histogram, fraction: float) -> float | None:
    """Expected number of population uniques; None where the equations have no solution."""
    groups = _population_groups(sizes, fraction)
    if groups is None or fraction >= 1:
        return None
    ones, twos = sizes.of_size(1), sizes.of_size(2)
    return _solve(groups, fraction, ones, twos)


def _population_groups(sizes: Histogram, f: float) -> float | None:
    """Groups of the population, by the modified estimator of Shlosser (Haas & Stokes 1998, their Sh3)."""
    s, n = sizes.sizes.astype(np.float64), sizes.groups.astype(np.float64)
    one = (s * f * f * np.power(1 - f * f, s - 1)) @ n
    two = (np.power(1 - f * f, s) - np.power(1 - f, s)) @ n  # (1-f)^s * ((1+f)^s - 1), which would overflow
    none, single = np.power(1 - f, s) @ n, (s * f * np.power(1 - f, s - 1)) @ n
    if two <= 0 or single <= 0:
        return None
    return float(sizes.number + sizes.of_size(1) * (one / two) * (none / single) ** 2)


def _solve(groups: float, f: float, ones: int, twos: int) -> float | None:
    """Uniques at the parameters that explain `ones` and `twos`; of several solutions the one with most uniques."""
    if not ones or not twos:
        return None
    grid = np.concatenate((np.geomspace(1e-9, 0.5, 200), 1 - np.geomspace(0.5, 1e-9, 200)[1:]))
    misses = [_ones(groups, f, _alpha(f, beta, twos / ones), beta) - ones for beta in grid]
    found: list[float] = []
    for low, high, left, right in zip(grid, grid[1:], misses, misses[1:], strict=False):
        if left == 0 or left * right < 0:
            beta = _root(lambda b: _ones(groups, f, _alpha(f, b, twos / ones), b) - ones, float(low), float(high))
            found.append(groups * math.pow(beta, _alpha(f, beta, twos / ones)))
    return max(found, default=None)


def _alpha(f: float, beta: float, ratio: float) -> float:
    """The alpha at which groups of two are `ratio` times those of one: a quadratic with one positive root."""
    b = 1 - beta
    d = b * (1 - f)
    # f/2 * alpha * b * (2 - d + alpha*d) = ratio * (1 - d) * (1 - d + alpha*d)
    two, one, none = f / 2 * b * d, f / 2 * b * (2 - d) - ratio * (1 - d) * d, -ratio * (1 - d) ** 2
    if two == 0:
        return -none / one
    return (-one + math.sqrt(one * one - 4 * two * none)) / (2 * two)


def _ones(groups: float, f: float, alpha: float, beta: float) -> float:
    """Expected sample groups of one."""
    d = (1 - beta) * (1 - f)
    return groups * f * math.pow(beta / (1 - d), alpha) * (1 + alpha * d / (1 - d))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Bisection between two places of different sign."""
    rising = function(high) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if (function(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2
