"""医科の返戻 (``RECEIPTC.HEN``): medical claims that were sent back; see `uke_returns` (grade B)."""

from __future__ import annotations

from provision.formats.uke_medical import KIND as MEDICAL
from provision.formats.uke_returns import UkeReturns, returns_kind

KIND = returns_kind(MEDICAL, ("medical-returns", "医科の返戻", "Returned medical claims"))

FORMAT = UkeReturns("uke-medical-returns", "医科の返戻（HEN）", "Returned medical claims (HEN)", KIND)
