"""An assessment in words, for approvers: counts and shares, no value of the data."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.risk.assessing import UNDER, Assessment, Sensitive


def told(found: Assessment) -> Iterator[str]:
    """Line by line."""
    yield f"{found.people:,} people on {found.rows:,} rows, in {found.sizes.number:,} groups that look alike"
    yield f"k-anonymity (k-匿名性): {found.k}" + _missing(found)
    for k in UNDER:
        under = found.sizes.people_under(k)
        yield f"  in groups of under {k}: {under:,} people ({under / max(found.sizes.people, 1):.2%})"
    risk = found.attackers
    yield (
        f"highest risk: prosecutor {risk.prosecutor:.4g} ({risk.people_at_highest:,} people), "
        f"journalist {risk.journalist:.4g}; marketer (mean) {risk.marketer:.4g}"
    )
    if found.presence is not None:
        most = f"{found.presence.delta_least:.4g} to {found.presence.delta_most:.4g}"
        yield f"against the population: k-map {found.presence.k_map}, presence {most}"
    if found.uniqueness is not None:
        share = "unknown" if found.uniqueness.chosen is None else f"{found.uniqueness.chosen:.2%}"
        yield f"unique in the population (estimate, {found.uniqueness.model}): {share} of it"
    for name, worst in found.sensitive.items():
        yield _sensitive(name, worst)


def _missing(found: Assessment) -> str:
    if found.k_wildcard is None:
        return f" (missing as a value {found.sizes.smallest}, as a wildcard not counted)"
    return f" (missing as a value {found.sizes.smallest}, as a wildcard {found.k_wildcard})"


def _sensitive(name: str, worst: Sensitive) -> str:
    recursive = ", ".join(
        f"(c,{values}) {'never' if c is None else f'for c over {c:.4g}'}" for values, c in worst.recursive.items()
    )
    return (
        f"{name}: distinct l {worst.distinct_l}, entropy l {worst.entropy_l:.4g}, recursive {recursive}, "
        f"t {worst.t_equal:.4g} (equal distance), {worst.t_ordered:.4g} (ordered)"
    )
