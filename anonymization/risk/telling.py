"""An assessment in words, for approvers: counts and shares, no value of the data."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.risk.assessing import UNDER, Assessment, Sensitive
from anonymization.risk.attacks.measuring import Attacks
from anonymization.risk.trails.figures import Share, TrailRisk


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


def told_trail(found: TrailRisk) -> Iterator[str]:
    """Line by line."""
    of = f"trails (診療の軌跡) of {', '.join(found.columns)}"
    yield f"{of}: {found.people:,} people, {found.events:,} different events"
    for number, known in found.known.items():
        events = "1 known event" if number == 1 else f"{number} known events"
        yield f"  unique by {events}: {_share(known.unicity)} of people; by the worst choice {_share(known.worst)}"
    if not found.exact:
        yield f"  from 2 known events on estimated from {found.looked_at:,} people, in brackets 95 % intervals"


def told_attacks(found: Attacks) -> Iterator[str]:
    """Line by line."""
    single, link = found.singling_out, found.linkage
    yield (
        f"singling out (特定): {_share(single.isolating)} of {single.tried:,} predicates isolate one person; "
        f"by chance {_share(single.by_chance)}"
    )
    trail = "" if link.by_trail is None else f", by whole trails {link.by_trail:.2%}"
    yield f"linkage (連結): by attributes {link.by_attributes:.2%} right{trail}; by chance {link.by_chance:.2%}"
    for name, one in found.inference.items():
        yield (
            f"inference (推定) of {name}: certain for {one.certain:.2%}, twice as likely for {one.doubled:.2%}; "
            f"a guess is right for {one.guess:.2%}, without the table {one.guess_before:.2%}"
        )


def _share(found: Share) -> str:
    between = "" if found.low == found.high else f" ({found.low:.2%} to {found.high:.2%})"
    return f"{found.share:.2%}{between}"
