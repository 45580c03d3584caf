"""Pitman's superpopulation model: expected population uniques from the maximum likelihood estimate of (theta, alpha).

Hoshino (2001): the likelihood of the group sizes of a sample under the Pitman sampling formula; the expected number of
uniques among N people is Gamma(theta + 1) / Gamma(theta + alpha) * N^alpha.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from anonymization.risk.histogram import Histogram

#: Newton's method ends where the gradient is this flat for each person, or without a solution after so many steps.
_FLAT, _STEPS = 1e-12, 100


def pitman(sizes: Histogram, fraction: float) -> float | None:
    """Expected number of population uniques; None where the likelihood has no maximum that can be found."""
    found = next(filter(None, (_maximum(sizes, *start) for start in _starts(sizes))), None)
    if found is None:
        return None
    theta, alpha = found
    logs = math.lgamma(theta + 1) - math.lgamma(theta + alpha) + alpha * math.log(sizes.people / fraction)
    return math.exp(logs) if logs < 700 else None


def _starts(sizes: Histogram) -> Iterator[tuple[float, float]]:
    """Where to begin: Hoshino's guess from groups of one and two where it lies in the domain, then a grid."""
    n, u, ones, twos = sizes.people, sizes.number, sizes.of_size(1), max(sizes.of_size(2), 1)
    c = ones * (ones - 1) / twos
    below = 2 * ones * u + ones * c - n * c
    if below:
        theta = (n * u * c - ones * (n - 1) * (2 * u + c)) / below
        alpha = (theta * (ones - n) + (n - 1) * ones) / (n * u)
        if _inside(theta, alpha):
            yield theta, alpha
    yield from itertools.product((0.5, n / 100 + 1, float(n)), (0.1, 0.5, 0.9))


def _maximum(sizes: Histogram, theta: float, alpha: float) -> tuple[float, float] | None:
    """Newton's method on the gradient of the log-likelihood, steps halved while they leave the domain; maxima only."""
    for _ in range(_STEPS):
        (g_t, g_a), (h_tt, h_ta, h_aa) = _gradient(sizes, theta, alpha)
        determinant = h_tt * h_aa - h_ta * h_ta
        if not math.isfinite(determinant) or not determinant:
            return None
        if max(abs(g_t) * max(theta, 1.0), abs(g_a)) <= _FLAT * sizes.people:
            return (theta, alpha) if determinant > 0 > h_tt else None
        step = (h_aa * g_t - h_ta * g_a) / determinant, (h_tt * g_a - h_ta * g_t) / determinant
        scale = 1.0
        while not _inside(theta - scale * step[0], alpha - scale * step[1]):
            scale /= 2
            if scale < 1e-12:
                return None
        theta, alpha = theta - scale * step[0], alpha - scale * step[1]
    return None


def _inside(theta: float, alpha: float) -> bool:
    return theta >= 0 and 0 < alpha < 1


def _gradient(sizes: Histogram, theta: float, alpha: float) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """First and second derivatives of the log-likelihood by theta and alpha, as sums."""
    place = np.arange(1, sizes.number, dtype=np.float64)
    first = 1.0 / (theta + place * alpha)
    second = first * first
    drawn = 1.0 / (theta + np.arange(1, sizes.people, dtype=np.float64))
    inner = 1.0 / (np.arange(1, int(sizes.sizes[-1])) - alpha)  # j - alpha, j from 1 to the largest size - 1
    ones, squares = (np.concatenate(([0.0], np.cumsum(x)))[sizes.sizes - 1] for x in (inner, inner * inner))
    gradient = float(first.sum() - drawn.sum()), float(place @ first - sizes.groups @ ones)
    curvature = (
        float((drawn * drawn).sum() - second.sum()),
        float(-(place @ second)),
        float(-(place * place) @ second - sizes.groups @ squares),
    )
    return gradient, curvature
