"""歯科レセプト (UKE, ``RECEIPTS.UKE``): dental claims as clinics send them to the review bodies.

Source: a transcription of 記録条件仕様（歯科用）令和8年6月版 (grade B-); editions with fewer columns are read, too.
Files as of about 2019 (grade C) begin with IR, which stands above all claims: told by the first record. Files after
2026-06 may have more columns, counted and never read.
Structure: ``UK {IR RE [HO] KO* SN* JD* MF? HS+ (SS|SI|IY|TO|CO)+ SJ*} GO [0x1A]``: UK opens the file and fills a
table of its own without claim numbers, IR repeats and starts every claim, RE stands right behind it. 歯式 are codes of
six characters per tooth. Free text and reserved columns are never kept.
GO: 総件数 is the number of HO and KO, 総合計点数 the sum of the main payer's points, as in the medical specification.
"""

from __future__ import annotations

from dataclasses import replace

from provision.formats.tables import family
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import UkeKind

RECORDS = ("IR", "RE", "HO", "KO", "SN", "JD", "MF", "HS", "SS", "SI", "IY", "TO", "CO", "SJ", "GO")

KIND = UkeKind(
    sort="dental",
    tables=family("uke_dental")[1:],
    records=("UK", *RECORDS),
    opening="UK",
    start="IR",
    grown="2026-07",
    summary=("SS", "SI", "IY", "TO", "CO"),
    # UK and IR to the claim month, RE to the birth, HO to the points
    least={"UK": 8, "IR": 7, "RE": 7, "HO": 6, "GO": 3},
)
#: Files of about 2019 begin with IR, once, and have no UK.
EARLIER = replace(
    KIND,
    tables=family("uke_dental")[:1],
    records=RECORDS,
    opening="IR",
    start="RE",
    grown="",
    least={**KIND.least, "IR": 8},
)

FORMAT = UkeFormat("uke-dental", "歯科レセプト（UKE）", "Dental claims (UKE)", KIND, earlier=(EARLIER,))
