"""調剤の返戻 (``RECEIPTY.HEN``): dispensing claims that were sent back; see `uke_returns` (grade C)."""

from __future__ import annotations

from provision.formats.uke_dispensing import KIND as DISPENSING
from provision.formats.uke_returns import UkeReturns, returns_kind

KIND = returns_kind(DISPENSING, ("dispensing-returns", "調剤の返戻", "Returned dispensing claims"))

FORMAT = UkeReturns("uke-dispensing-returns", "調剤の返戻（HEN）", "Returned dispensing claims (HEN)", KIND)
