"""医科レセプト as insurers receive it (保険者向け ``…_RECODEINFO_MED.CSV``): medical records, IR above each receipt.

Source: grade C throughout, see `recodeinfo`; the records themselves are those of the medical specification (grade A),
with SN filled in by the review body: its card, confirmed on the day, is the one people are known by. A receipt begins
at MN, whose first field is the claim's own number (only its token is stored), or at RE; IR may stand above every claim
or once. GO is not known to be there: where it is, its totals are reconciled, where it is not, nothing but RC at the end
tells that the file is whole. Record numbers of errors are line numbers.
"""

from __future__ import annotations

from provision.formats.recodeinfo import InsurerFormat, insurer_kind
from provision.formats.uke_medical import KIND as MEDICAL
from provision.formats.ukerecognise import INSURER

KIND = insurer_kind(MEDICAL, ("medical-claims-insurer", "医科レセプト（保険者向け）", "Medical claims of insurers"))

FORMAT = InsurerFormat(
    "recodeinfo-medical", "医科レセプト（保険者向け）", "Medical claims as insurers receive them", KIND, form=INSURER
)
