"""調剤レセプト (UKE, ``RECEIPTY.CYO``): dispensing claims as pharmacies send them to the review bodies.

Source: a transcription of 記録条件仕様（調剤用）令和8年6月版 (grade B-), agreeing with a second program; the name of
the file is grade C. Editions with fewer columns are read, too: a program of 2019 (grade C) has RE, HO and KO at the
same places. Files after 2026-06 may have more columns, counted and never read.
Structure: ``YK {RE [HO] KO* SN* JD* MF? {SH {CZ IY* TO* CO*}+}* TK* KI* ST*} GO [0x1A]``: what lies in an SH carries
the number of the SH in its claim (`group_no`) and of the CZ in its SH (`dispensing_no`). The names of up to 20 doctors
(RE 14-33), 麻薬免許番号 (RE 34) and name and address of the prescribing facility are never read as columns.
GO: 総件数 is the number of HO and KO, 総合計点数 the sum of the main payer's points, as in the medical specification.
"""

from __future__ import annotations

from provision.formats.tables import family
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import UkeKind

KIND = UkeKind(
    sort="dispensing",
    tables=family("uke_dispensing"),
    grown="2026-07",
    records=("YK", "RE", "HO", "KO", "SN", "JD", "MF", "SH", "CZ", "IY", "TO", "CO", "TK", "KI", "ST", "GO"),
    opening="YK",
    header="YK",
    nesting=("SH", "CZ"),
    nested=("IY", "TO", "CO"),
    # YK to the claim month, RE to the birth, HO to the points
    least={"YK": 7, "RE": 7, "HO": 6, "GO": 3},
)

FORMAT = UkeFormat("uke-dispensing", "調剤レセプト（UKE）", "Dispensing claims (UKE)", KIND)
