"""歯科レセプト as insurers receive it (保険者向け ``…_RECODEINFO_DEN.CSV``): dental records, IR above each receipt.

Source: grade C throughout, see `recodeinfo` and `uke_dental`. That receipts begin as medical ones do is inferred; UK is
accepted and not read. IR may be that of either edition: the place of the month of claim tells.
"""

from __future__ import annotations

from dataclasses import replace

from provision.formats.recodeinfo import ADDED, InsurerFormat, insurer_kind
from provision.formats.tables import family
from provision.formats.uke_dental import KIND as DENTAL
from provision.formats.uke_dental import RECORDS
from provision.formats.ukekind import MARKED
from provision.formats.ukerecognise import INSURER

KIND = replace(
    insurer_kind(DENTAL, ("dental-claims-insurer", "歯科レセプト（保険者向け）", "Dental claims of insurers")),
    tables=family("uke_dental"),
    records=RECORDS,
    opening="IR",
    start="RE",
    unread=(*ADDED, "UK", MARKED),
)

FORMAT = InsurerFormat(
    "recodeinfo-dental", "歯科レセプト（保険者向け）", "Dental claims as insurers receive them", KIND, form=INSURER
)
