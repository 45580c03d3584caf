"""一区切りの取込: one parcel, made fit to be stored, then written with its keys; its strong values are remembered."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from provision.formats.base import Parcel
from provision.identity import card_marks
from provision.intake.fitting import fit
from provision.intake.keying import with_keys
from provision.intake.work import Reading, Work


def take_parcel(parcel: Parcel, work: Work, read: Reading) -> None:
    """Into the staging and the fingerprints, numbered on. Raises `BadFile`."""
    tables = fit(parcel, read.format.dataset, read.report, read.applied, anonymised=work.anonymised)
    put(parcel, tables, work, read, read.shelf.claims)


def put(parcel: Parcel, tables: Mapping[str, pl.DataFrame], work: Work, read: Reading, first: int) -> None:
    """`tables` as they may be stored, with keys from the people and the head of `parcel`; its claims are numbered on
    from `first`. Nobody is in them who must not be received."""
    dataset = read.format.dataset
    parcel, tables = work.vetoes.without(parcel, tables, read.report)
    read.cards.append(card_marks(parcel.people))
    work.fingerprints.add(parcel.people)
    for name, frame in tables.items():
        if not frame.height:
            continue
        whole = with_keys(work.ctx, work.source, dataset, parcel, frame) if name == dataset.head else frame
        read.shelf.staging.write(name, whole.with_columns(pl.col("claim_no") + first))
        read.claims = max(read.claims, first + int(frame["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]
