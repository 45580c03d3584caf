"""GO of a UKE file: 総件数 is the number of HO and KO, 総合計点数 the sum of the main payer's points.

HG of a file of returned claims is counted the same way. The main payer is HO, else the first KO. Source:
記録条件仕様（医科用）令和4年4月版, recomputed exactly on a published sample. Where claims have details (DPC 総括) it is
not said whether the details count: the totals must be right with them or without them, both numbers alike.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.recordcells import Positions
from provision.formats.ukechunk import Chunk


def reconcile(chunk: Chunk, frames: dict[str, pl.DataFrame], report: Report) -> None:
    """Add the chunk's sums and compare them with every GO in it; `BadFile` ``uke.totals`` where they differ."""
    sums = _sums(chunk, frames)
    first, done = chunk.running.claims - len(sums), 0
    closing = frames.get("control_total", pl.DataFrame(schema={"claim_no": pl.Int64, "claims": None, "points": None}))
    for last, payers, points in closing.select("claim_no", "claims", "points").iter_rows():
        chunk.running.sums = chunk.running.sums + sums[done : last + 1 - first].sum(axis=0)
        _close(chunk, (payers, points), report)
        done = last + 1 - first
    chunk.running.sums = chunk.running.sums + sums[done:].sum(axis=0)


def _close(chunk: Chunk, said: tuple[int, int], report: Report) -> None:
    """Compare with payers and points of all claims, or of those that are no details."""
    running = chunk.running
    payers, points, own_payers, own_points = running.sums.tolist()
    if said not in ((payers, points), (own_payers, own_points)):
        name = "claims" if said[0] not in (payers, own_payers) else "points"
        raise BadFile(
            "uke.totals",
            record=running.records,
            field=f"{chunk.kind.closing}.{name}",
            remedy="the totals do not add up; ask the sender",
        )
    report.totals["payers"] = report.totals.get("payers", 0) + said[0]
    report.totals["points"] = report.totals.get("points", 0) + said[1]
    running.sums = np.zeros(4, np.int64)


def _sums(chunk: Chunk, frames: dict[str, pl.DataFrame]) -> Positions:
    """One row per claim of this chunk: payers, the main payer's points, and both again, 0 for details. Every claim
    needs a payer; its details may do without."""
    claims = frames["claim"].height if "claim" in frames else 0
    first = chunk.running.claims - claims
    payers, points = np.zeros(claims, np.int64), np.zeros(claims, np.int64)
    for table in ("public_expense", "insurance"):  # the insurance overwrites the public expense's points
        if table not in frames or not claims:
            continue
        frame = frames[table].select(at=pl.col("claim_no") - first, points=pl.col("points").fill_null(0))
        np.add.at(payers, frame["at"].to_numpy(), 1)
        main = frame.unique("at", keep="first", maintain_order=True)
        if table == "insurance" and main.height < frame.height:
            _refuse_claim(chunk, int(frame.filter(pl.col("at").is_duplicated())["at"][0]), "uke.order", _TWO_HO)
        points[main["at"].to_numpy()] = main["points"].to_numpy()
    own = np.asarray(chunk.detail_no, np.int64) == 0
    if ((payers == 0) & own).any():
        _refuse_claim(chunk, int(np.flatnonzero((payers == 0) & own)[0]), "uke.no_payer", _NO_PAYER)
    return np.stack((payers, points, payers * own, points * own), axis=1)


def _refuse_claim(chunk: Chunk, at: int, rule: str, remedy: str) -> NoReturn:
    line = int(np.flatnonzero(chunk.lines.is_kind("RE"))[at])
    raise BadFile(rule, record=chunk.lines.record(line), remedy=remedy)


_NO_PAYER = "a claim needs HO or KO; ask the sender"
_TWO_HO = "a claim has one HO: the RE of the next claim is missing; ask the sender for the file again"
