"""Pitman's superpopulation model: expected population uniques from the maximum likelihood estimate of (theta, alpha).

Hoshino (2001): the likelihood of the group sizes of a sample under the Pitman sampling formula; the expected number of
uniques among N people is Gamma(theta + 1) / Gamma(theta + alpha) * N^alpha.
"""

from __future__ import annotations

import math

import numpy as np

from anonymization.risk.histogram import Histogram

#: Newton's method ends where a step changes the parameters by less than this, relatively.
_NEAR, _STEPS = 1e-13, 200


def pitman(sizes: Histogram, fraction: float) -> float | None:
    """Expected number of population uniques; None where the likelihood has no maximum that can be found."""
    start = _start(sizes)
    found = _maximum(sizes, *start) if start else None
    if found is None:
        return None
    theta, alpha = found
    if theta + alpha <= 0:
        return None
    logs = math.lgamma(theta + 1) - math.lgamma(theta + alpha) + alpha * math.log(sizes.people / fraction)
    return math.exp(logs) if logs < 700 else None


def _start(sizes: Histogram) -> tuple[float, float] | None:
    """Hoshino's first guess, from groups of one and two."""
    n, u, ones, twos = sizes.people, sizes.number, sizes.of_size(1), max(sizes.of_size(2), 1)
    c = ones * (ones - 1) / twos
    below = 2 * ones * u + ones * c - n * c
    if not below:
        return None
    theta = (n * u * c - ones * (n - 1) * (2 * u + c)) / below
    return theta, (theta * (ones - n) + (n - 1) * ones) / (n * u)


def _maximum(sizes: Histogram, theta: float, alpha: float) -> tuple[float, float] | None:
    """Newton's method on the gradient of the log-likelihood, steps halved while they leave the domain."""
    for _ in range(_STEPS):
        (g_t, g_a), (h_tt, h_ta, h_aa) = _gradient(sizes, theta, alpha)
        determinant = h_tt * h_aa - h_ta * h_ta
        if not math.isfinite(determinant) or not determinant:
            return None
        step = (h_aa * g_t - h_ta * g_a) / determinant, (h_tt * g_a - h_ta * g_t) / determinant
        scale = 1.0
        while not _inside(theta - scale * step[0], alpha - scale * step[1]):
            scale /= 2
            if scale < 1e-12:
                return None
        theta, alpha = theta - scale * step[0], alpha - scale * step[1]
        if abs(step[0]) <= _NEAR * max(1.0, abs(theta)) and abs(step[1]) <= _NEAR:
            return theta, alpha
    return theta, alpha


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
