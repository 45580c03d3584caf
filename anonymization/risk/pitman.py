"""Pitman's superpopulation model: expected population uniques from the maximum likelihood estimate of (theta, alpha).

Hoshino (2001): the likelihood of the group sizes of a sample under the Pitman sampling formula; the expected number of
uniques among N people is Gamma(theta + 1) / Gamma(theta + alpha) * N^alpha.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from anonymization.risk.histogram import Histogram

#: Newton's method ends where the gradient is this flat for each person; without a solution after so many steps, or
#: where alpha leaves its domain: then the groups are more even than the model can say.
_FLAT, _STEPS, _EDGE = 1e-12, 40, 1e-5
#: Numbers summed at once.
_PARCEL = 1_000_000


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
    yield from ((1.0, 0.5), (n / 100 + 1.0, 0.5))


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
            if scale < _EDGE:
                return None
        theta, alpha = theta - scale * step[0], alpha - scale * step[1]
        if alpha < _EDGE:
            return None
    return None


def _inside(theta: float, alpha: float) -> bool:
    """The model's own domain (Pitman 1995). A maximum below theta 0 belongs to a few large groups among many small."""
    return 0 < alpha < 1 and theta > -alpha


def _gradient(sizes: Histogram, theta: float, alpha: float) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """First and second derivatives of the log-likelihood by theta and alpha, as sums."""
    groups, people = _sums(theta, alpha, sizes.number), _sums(theta, 1.0, sizes.people)
    inner = 1.0 / (np.arange(1, int(sizes.sizes[-1])) - alpha)  # j - alpha, j from 1 to the largest size - 1
    ones, squares = (np.concatenate(([0.0], np.cumsum(x)))[sizes.sizes - 1] for x in (inner, inner * inner))
    gradient = groups[0] - people[0], groups[1] - float(sizes.groups @ ones)
    curvature = people[2] - groups[2], -groups[3], -groups[4] - float(sizes.groups @ squares)
    return gradient, curvature


def _sums(theta: float, step: float, end: int) -> tuple[float, ...]:
    """Sums over i from 1 to end - 1 of 1/x, i/x, 1/x^2, i/x^2, i^2/x^2, with x = theta + i * step; in parcels."""
    found = np.zeros(5)
    for start in range(1, end, _PARCEL):
        i = np.arange(start, min(end, start + _PARCEL), dtype=np.float64)
        one = 1.0 / (theta + i * step)
        two = one * one
        found += one.sum(), i @ one, two.sum(), i @ two, (i * i) @ two
    return tuple(found.tolist())
