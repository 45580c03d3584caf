"""DPCレセプト (UKE, ``RECEIPTD.UKE``): DPC inpatient claims, with or without a summary (総括) and its details.

Source: a transcription of 記録条件仕様（DPC用） of about 2014 (grade B); the file's name and what follows RE[27] are
grade C. Later editions have more columns: the surplus is accepted, counted and never read. The positions of kana and
患者の状態 in RE are not confirmed: kana is used only where it is no code, the state of the patient is not kept at all.
Structure: ``IR {RE HO KO SN JD MF CO SJ {RE HO KO BU SB* KK SK* GA+ HH+ GT+ (SI|IY|TO|CO)* SJ* CD*}} GO``. IR, SN, JD,
MF, GR, SY, SI, IY, TO, CO, SJ and GO are as in the medical specification. Every RE is a row of its own; `detail_no`
tells the details of a 総括 (RE 明細情報数 says how many follow), so that nobody counts a stay twice.
GO: the medical rule; whether details count is not said, so the totals must be right with them or without them.
"""

from __future__ import annotations

from provision.formats.tables import family
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import UkeKind

KIND = UkeKind(
    sort="dpc",
    tables=family("uke_dpc"),
    records=(
        "IR", "RE", "HO", "KO", "SN", "JD", "MF", "GR", "SY", "BU", "SB", "KK", "SK", "GA", "HH", "GT", "CD", "SI",
        "IY", "TO", "CO", "SJ", "GO",
    ),
    summary=("SI", "IY", "TO", "CO"),
    least={"IR": 8, "RE": 7, "HO": 6, "GO": 3},
    unread=("KH",),
    details="details",
)  # fmt: skip

FORMAT = UkeFormat("uke-dpc", "DPCレセプト（UKE）", "DPC claims (UKE)", KIND)
