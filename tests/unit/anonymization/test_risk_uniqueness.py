"""Population uniqueness: each estimate against its definition, counted another way, and against drawn populations."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymization.risk import pitman, snb
from anonymization.risk.histogram import Histogram, from_pairs, histogram
from anonymization.risk.unfit import Unfit
from anonymization.risk.uniqueness import population_uniqueness
from anonymization.risk.zayatz import zayatz

HISTOGRAMS = st.dictionaries(st.integers(1, 9), st.integers(1, 30), min_size=1, max_size=6).map(
    lambda found: from_pairs(found.items())
)
#: Many small groups and one large: what Pitman's model is for.
UNEVEN = st.tuples(
    st.integers(40, 80), st.integers(8, 14), st.integers(2, 5), st.integers(1, 3), st.integers(30, 90)
).map(lambda n: from_pairs([(1, n[0]), (2, n[1]), (3, n[2]), (6, n[3]), (n[4], 1)]))


@settings(max_examples=60, deadline=None)
@given(HISTOGRAMS, st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_zayatz_is_bayes_over_hypergeometric_draws(sizes: Histogram, fraction: float) -> None:
    assume(sizes.of_size(1))
    sample, population = sizes.people, int(sizes.people / fraction)
    one = Fraction(0)
    for size, groups in zip(sizes.sizes.tolist(), sizes.groups.tolist(), strict=True):
        ways = math.comb(size, 1) * math.comb(population - size, sample - 1)
        one += groups * Fraction(ways, math.comb(population, sample))
    single = sizes.of_size(1) * Fraction(math.comb(population - 1, sample - 1), math.comb(population, sample))
    expected = sizes.of_size(1) * float(single / one) / fraction
    assert zayatz(sizes, fraction) == pytest.approx(expected, rel=1e-7)


def _log_likelihood(sizes: Histogram, theta: float, alpha: float) -> float:
    """Pitman's sampling formula, without what does not depend on the parameters."""
    found = sum(math.log(theta + i * alpha) for i in range(1, sizes.number))
    found -= sum(math.log(theta + i) for i in range(1, sizes.people))
    for size, groups in zip(sizes.sizes.tolist(), sizes.groups.tolist(), strict=True):
        found += groups * sum(math.log(j - alpha) for j in range(1, size))
    return found


@settings(max_examples=40, deadline=None)
@given(UNEVEN)
def test_pitman_is_at_the_maximum_of_the_likelihood(sizes: Histogram) -> None:
    found = next(filter(None, (pitman._maximum(sizes, *start) for start in pitman._starts(sizes))), None)
    assert found is not None
    theta, alpha = found
    best = _log_likelihood(sizes, theta, alpha)
    for step in (0.99, 1.01):
        assert _log_likelihood(sizes, theta * step, alpha) <= best + 1e-9
        assert not 0 < alpha * step < 1 or _log_likelihood(sizes, theta, alpha * step) <= best + 1e-9
    population = sizes.people / 0.1
    expected = math.gamma(theta + 1) / math.gamma(theta + alpha) * population**alpha if theta < 100 else None
    assert expected is None or pitman.pitman(sizes, 0.1) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.2, 5.0), st.floats(0.05, 0.95), st.floats(0.05, 0.9))
def test_snb_expects_what_summing_over_group_sizes_gives(alpha: float, beta: float, f: float) -> None:
    """Groups of the population are 1 + NB(alpha, beta); of each, every person is drawn with chance f."""
    chance, ones, twos, j = beta**alpha, 0.0, 0.0, 0
    while j < 3000:
        size = 1 + j
        ones += chance * size * f * (1 - f) ** (size - 1)
        twos += chance * size * (size - 1) / 2 * f**2 * (1 - f) ** max(size - 2, 0)
        chance *= (alpha + j) / (j + 1) * (1 - beta)
        j += 1
    assert snb._ones(1.0, f, alpha, beta) == pytest.approx(ones, rel=1e-6)
    assert snb._alpha(f, beta, twos / ones) == pytest.approx(alpha, rel=1e-6)


def _even(chance: np.random.Generator) -> list[int]:
    """Sizes of groups by the slide negative binomial distribution."""
    return list(1 + chance.negative_binomial(0.8, 0.25, size=20_000))


def _uneven(chance: np.random.Generator) -> list[int]:
    """Sizes of groups by Pitman's process: everybody opens a group, or joins one the likelier the larger it is."""
    theta, alpha, sizes, whose = 200.0, 0.6, list[int](), list[int]()
    while len(whose) < 40_000:
        if chance.random() * (len(whose) + theta) < theta + alpha * len(sizes):
            sizes.append(0)
            group = len(sizes) - 1
        else:
            group = whose[int(chance.integers(len(whose)))]
            if chance.random() > (sizes[group] - alpha) / sizes[group]:
                continue
        sizes[group] += 1
        whose.append(group)
    return sizes


@pytest.mark.parametrize(
    ("draw", "fraction", "model"),
    [(_uneven, 0.05, "pitman"), (_uneven, 0.1, "pitman"), (_even, 0.2, "snb"), (_even, 0.5, "snb")],
)
def test_estimates_are_near_the_truth_of_a_drawn_population(draw: object, fraction: float, model: str) -> None:
    chance = np.random.default_rng(11)
    groups = np.array(draw(chance))  # type: ignore[operator]
    member = np.repeat(np.arange(groups.size), groups)
    drawn = np.bincount(member[chance.random(member.size) < fraction], minlength=groups.size)
    found = population_uniqueness(histogram(drawn), fraction)
    truth = float((groups == 1).sum() / groups.sum())
    assert found.model == model
    assert found.chosen is not None
    assert truth / 1.7 < found.chosen < truth * 1.7


@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.3, 1.0])
def test_the_rule_of_dankar(fraction: float) -> None:
    uneven = population_uniqueness(from_pairs([(1, 300), (2, 70), (3, 30), (6, 9), (150, 1)]), fraction)
    known = {name: value for name, value in uneven.figures().items() if name in {"pitman", "zayatz", "snb"} and value}
    if fraction <= 0.1:
        assert uneven.model == "pitman"
        assert uneven.chosen == uneven.pitman is not None
    else:
        assert uneven.chosen == min(known["zayatz"], known.get("snb", 1.0)) == known[uneven.model]  # type: ignore[type-var]


def test_groups_too_even_for_pitman_are_left_to_zayatz() -> None:
    found = population_uniqueness(from_pairs([(1, 300), (2, 110), (3, 60), (4, 30), (7, 10)]), 0.05)
    assert (found.pitman, found.model) == (None, "zayatz")


def test_without_sample_uniques_nobody_is_unique() -> None:
    found = population_uniqueness(from_pairs([(2, 5), (3, 1)]), 0.1)
    assert (found.chosen, found.model) == (0.0, "no sample uniques")


@pytest.mark.parametrize("pairs", [[(1, 1)], [(1, 5)], [(1, 1), (9, 1)], [(1, 2), (2, 1)]])
@pytest.mark.parametrize("fraction", [0.01, 0.5, 1.0])
def test_tiny_samples_give_a_share_or_nothing(pairs: list[tuple[int, int]], fraction: float) -> None:
    found = population_uniqueness(from_pairs(pairs), fraction)
    assert found.chosen is None or 0 <= found.chosen <= 1
    assert found.figures()["sampling_fraction"] == fraction


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fraction", [0.001, 0.1, 0.5, 0.999])
def test_groups_of_a_million_people_overflow_nothing(fraction: float) -> None:
    found = population_uniqueness(from_pairs([(1, 300), (2, 70), (3, 30), (150, 1), (1_000_000, 2)]), fraction)
    assert found.chosen is not None
    assert 0 < found.chosen < 0.01
    assert fraction in {0.001, 0.999} or found.snb is not None


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1, math.nan])
def test_what_is_no_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(Unfit):
        population_uniqueness(from_pairs([(1, 1)]), fraction)
    with pytest.raises(Unfit):
        population_uniqueness(from_pairs([]), 0.5)
