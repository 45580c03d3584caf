"""DPCレセプト as insurers receive it (保険者向け ``…_RECODEINFO_DPC.CSV``): DPC records, IR above each receipt.

Source: grade C throughout, see `recodeinfo` and `uke_dpc`. A 総括 and its details are one receipt under one MN; all of
its rows have the claim's number.
"""

from __future__ import annotations

from provision.formats.recodeinfo import InsurerFormat, insurer_kind
from provision.formats.uke_dpc import KIND as DPC
from provision.formats.ukerecognise import INSURER

KIND = insurer_kind(DPC, ("dpc-claims-insurer", "DPCレセプト（保険者向け）", "DPC claims of insurers"))

FORMAT = InsurerFormat(
    "recodeinfo-dpc", "DPCレセプト（保険者向け）", "DPC claims as insurers receive them", KIND, form=INSURER
)
