"""Single resources, read many together: those that are taken, with their records, and why others are not.

To judge resources nearly all has to be found out that their tables need. So it waits with them (`Sent`) for the parcel;
a parcel of others than were judged together finds it out anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from operator import is_
from typing import Any

import msgspec

from provision.formats.fhirlines import of_lines, passed
from provision.formats.fhirrecords import Records, grouped, kind_of, spoiled, without
from provision.formats.fhirsystems import Systems


@dataclass(frozen=True)
class Together:
    """Records of resources that are taken."""

    systems: Systems
    resources: Sequence[Any]
    records: Records


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A resource, and those that it was judged `together` with: few bytes, since thousands wait for their parcel."""

    resource: Any
    together: Together | None = None


def judged(resources: Sequence[Any], systems: Systems) -> list[Sent | str | None]:
    """Every one that is taken, the rule of one that is not, None for one with an element that is not as R4 has it."""
    kinds = list(map(type, resources))
    rules = {made: passed(kind_of(made)) for made in set(kinds)}
    verdicts: list[Sent | str | None] = list(map(rules.__getitem__, kinds))
    places = [at for at, rule in enumerate(verdicts) if not rule]
    found = [resources[at] for at in places]
    groups = grouped(found)
    if wrong := spoiled(groups):
        for at in wrong:
            verdicts[places[at]] = None
        places, found = without(places, wrong), without(found, wrong)
        groups = grouped(found)
    records, refused = of_lines(found, systems, groups)
    taken = without(found, set(refused))
    sent = map(Sent, taken, repeat(Together(systems, taken, records)))
    for at, place in enumerate(places):
        verdicts[place] = refused[at] if at in refused else next(sent)
    return verdicts


def records(sent: Sequence[Sent], systems: Systems) -> Records:
    """The records of resources; where they were judged together, those that were made then."""
    resources = [one.resource for one in sent]
    known = sent[0].together if sent else None
    if known is None or known.systems is not systems or not _are_same(known.resources, resources):
        return of_lines(resources, systems)[0]
    return replace(known.records, counts=Counter(known.records.counts))


def _are_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
