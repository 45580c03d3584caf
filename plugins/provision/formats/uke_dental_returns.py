"""歯科の返戻 (``RECEIPTS.HEN``): dental claims that were sent back; see `uke_returns` (grade C)."""

from __future__ import annotations

from provision.formats.uke_dental import KIND as DENTAL
from provision.formats.uke_returns import UkeReturns, returns_kind

KIND = returns_kind(DENTAL, ("dental-returns", "歯科の返戻", "Returned dental claims"))

FORMAT = UkeReturns("uke-dental-returns", "歯科の返戻（HEN）", "Returned dental claims (HEN)", KIND)
