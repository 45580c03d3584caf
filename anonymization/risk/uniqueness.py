"""母集団一意性: how many people are probably alone in the population, estimated from the groups of a sample.

Three models and the rule of Dankar et al. (2012) that chooses between them:
* Pitman: superpopulation by a Pitman sampling formula, parameters by maximum likelihood (Hoshino 2001);
* Zayatz: the share of sample uniques that are population uniques, from hypergeometric draws (Zayatz 1991);
* SNB: slide negative binomial, parameters from the numbers of groups of one and two (Chen & McNulty 1998).
Up to a sampling fraction of 0.1 Pitman (Zayatz where it has no solution), above the smaller of SNB and Zayatz.
All give a **share of the population**, 0 to 1, or None where the model has no solution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from anonymization.risk.histogram import Histogram
from anonymization.risk.pitman import pitman
from anonymization.risk.snb import snb
from anonymization.risk.unfit import Unfit
from anonymization.risk.zayatz import zayatz


@dataclass(frozen=True)
class PopulationUniqueness:
    """Estimates, the share the rule chooses, and which model that was."""

    fraction: float
    pitman: float | None
    zayatz: float | None
    snb: float | None
    chosen: float | None
    model: str

    def figures(self) -> dict[str, float | str | None]:
        """For reports."""
        return {"sampling_fraction": self.fraction, "pitman": self.pitman, "zayatz": self.zayatz, "snb": self.snb,
                "chosen": self.chosen, "model": self.model}  # fmt: skip


def population_uniqueness(sizes: Histogram, fraction: float) -> PopulationUniqueness:
    """Estimate from a sample that is `fraction` of its population. Unfit where that is no fraction."""
    if not 0 < fraction <= 1 or not sizes.people:
        raise Unfit("population uniqueness needs people and a sampling fraction over 0, up to 1")
    if not sizes.of_size(1):
        return PopulationUniqueness(fraction, 0.0, 0.0, 0.0, 0.0, "no sample uniques")
    population = sizes.people / fraction
    found = {name: _share(model(sizes, fraction), population) for name, model in _MODELS.items()}
    if fraction <= 0.1:
        order = [name for name in ("pitman", "zayatz") if found[name] is not None]
    else:
        known = [name for name in ("snb", "zayatz") if found[name] is not None]
        order = sorted(known, key=lambda name: (found[name], name))
    model = order[0] if order else "none has a solution"
    return PopulationUniqueness(
        fraction, found["pitman"], found["zayatz"], found["snb"], found[model] if order else None, model
    )


def _share(uniques: float | None, population: float) -> float | None:
    if uniques is None or not math.isfinite(uniques) or not 0 < uniques <= population:
        return None
    return uniques / population


_MODELS = {"pitman": pitman, "zayatz": zayatz, "snb": snb}
