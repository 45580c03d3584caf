"""Write the whole fictitious world: three senders' drops, others where asked for, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from provision.sampledata.blocks import World, blocks
from provision.sampledata.care_facility import CareFacility
from provision.sampledata.documents import Documents
from provision.sampledata.facilities import AOBA, HINODE, MINAMI
from provision.sampledata.hospital import Hospital
from provision.sampledata.municipality import MunicipalLedger
from provision.sampledata.others import Other, wanted
from provision.sampledata.sheets import SENDERS
from provision.sampledata.truth import Truth


def write_world(
    out: Path,
    *,
    seed: int,
    people: int,
    months: list[str],
    era_dates: bool = True,
    sins: bool = False,
    also: Collection[str] = (),
    everything: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write ``out/senders/<source>/<drop>/…`` and ``out/truth/``; the same arguments give the same bytes.

    `months` are service months YYYY-MM. `era_dates` writes claims billed before 2021-11 with era dates; `sins` puts
    a name into a reserved column and failing check digits into a few claims. `also` names further formats that are
    written, of lines or of documents, each by a sender of its own, `everything` asks for all that can be taken in;
    neither changes the other files. `progress` gets the number of people done. Memory does not grow with `people`.
    Raises ValueError without people or months, and for a format that nobody sends.
    """
    world, folder, forms = World.of(seed, people, months), out / "senders", wanted(list(also), everything)
    senders: list[Hospital | CareFacility | MunicipalLedger | Other | Documents] = [
        Hospital(folder, world, {"era_dates": era_dates, "sins": sins}),
        CareFacility(folder, world),
        MunicipalLedger(folder, world),
        *[Other(folder, world, form) if form in SENDERS else Documents(folder, world, form) for form in forms],
    ]
    done = 0
    with Truth(out / "truth", (MINAMI, AOBA, HINODE) if forms else ()) as truth:
        for block in blocks(world):
            for person in block.people:
                truth.person(person)
            for sender in senders:
                sender.add(block, truth)
            done += len(block.people)
            progress(done)
        # Only a world that is whole gets its ready markers: after an error no drop may look complete.
        for sender in senders:
            sender.close(truth)
