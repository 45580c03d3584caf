"""調剤レセプト as insurers receive it (保険者向け ``…_RECODEINFO_PHA.CSV``): dispensing records, YK above each receipt.

Source: grade C throughout, see `recodeinfo` and `uke_dispensing`; MN, YK and quoted text stand in a test of another
program. The pharmacy's texts of ``…_PECULIARTEXTINFO_PHA.CSV`` are another file and not read.
"""

from __future__ import annotations

from provision.formats.recodeinfo import InsurerFormat, insurer_kind
from provision.formats.uke_dispensing import KIND as DISPENSING
from provision.formats.ukerecognise import INSURER

KIND = insurer_kind(
    DISPENSING, ("dispensing-claims-insurer", "調剤レセプト（保険者向け）", "Dispensing claims of insurers")
)

FORMAT = InsurerFormat(
    "recodeinfo-dispensing",
    "調剤レセプト（保険者向け）",
    "Dispensing claims as insurers receive them",
    KIND,
    form=INSURER,
)
