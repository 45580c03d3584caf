"""攻撃者モデル: how likely somebody is to be found, by what the attacker knows (El Emam 2013).

* prosecutor: knows that a certain person is in the table: 1 / size of the person's group;
* journalist: does not know, looks for somebody of the population: 1 / people of the population who look the same;
* marketer: tries everybody: the mean of the risks over **people** (groups / people, as ARX; not the mean over groups).
Where no population is known, survey weights estimate it: the risk of a person is then the expected 1/F given f and the
sum F of the weights (Benedetti & Franconi 1998; f follows from F by a negative binomial distribution).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from anonymization.risk.groups import Floats, Ints
from anonymization.risk.histogram import Histogram
from anonymization.risk.unfit import Unfit

#: Sizes up to which the expectation is counted exactly; above, its approximation is off by under 1 in 10 000.
_EXACT = 100


@dataclass(frozen=True)
class Attackers:
    """The highest and the mean risk over people, 0 to 1, and how many people have the highest."""

    prosecutor: float
    journalist: float
    marketer: float
    people_at_highest: int

    def figures(self) -> dict[str, float | int]:
        """For reports."""
        return asdict(self)


def without_population(sizes: Histogram) -> Attackers:
    """Risks where only the table is known: the journalist is taken to know as much as the prosecutor."""
    if not sizes.people:
        return Attackers(0.0, 0.0, 0.0, 0)
    highest = 1.0 / sizes.smallest
    return Attackers(highest, highest, sizes.number / sizes.people, sizes.smallest * sizes.of_size(sizes.smallest))


def with_risks(size: Ints, risk: Floats) -> Attackers:
    """Risks where a journalist's risk is known for each group (from a population or from weights)."""
    occupied = size > 0
    size, risk = size[occupied], risk[occupied]
    smallest = int(size.min())
    people = int(size[size == smallest].sum())
    return Attackers(1.0 / smallest, float(risk.max()), float(size @ risk / size.sum()), people)


def from_population(size: Ints, world: Ints) -> Floats:
    """Journalist risk of each group: 1 / people of the population; Unfit where the population lacks somebody."""
    if (world < size).any():
        raise Unfit("the population does not hold everybody of the table")
    return 1.0 / np.maximum(world, 1)


def from_weights(size: Ints, weight: Floats) -> Floats:
    """Journalist risk of each group from the sum of the weights of its people (sampling fraction p = f / F)."""
    if (weight < size - 1e-9).any():
        raise Unfit("weights say how many of the population a person stands for: 1 at least")
    share = np.clip(size / weight, 1e-300, 1.0)
    rest = 1.0 - share
    risk = np.where(rest > 0, share / np.maximum(size - rest, 1e-300), 1.0 / np.maximum(size, 1))
    small = (size <= _EXACT) & (rest > 0)
    risk[small] = [_expected(int(f), float(p)) for f, p in zip(size[small], share[small], strict=True)]
    return np.asarray(risk, dtype=np.float64)


def _expected(f: int, p: float) -> float:
    """E(1/F | f): the integral over u from 0 to 1 of u^(f-1) p / (p + (1-p) u).

    By recursion over f where that damps errors (p < 1/2), else by its power series in 1 - p.
    """
    q = 1.0 - p
    if p < 0.5:
        found = p / q * -np.log(p)
        for step in range(1, f):
            found = p / q * (1.0 / step - found)
        return float(found)
    term, found, j = p / f, 0.0, 0
    while term > 1e-18:
        found += term
        term *= q * (j + 1) / (f + j + 1)
        j += 1
    return float(found)
