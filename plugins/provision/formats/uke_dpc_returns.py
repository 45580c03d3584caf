"""DPCの返戻 (``RECEIPTD.HEN``): DPC claims that were sent back; see `uke_returns` (grade B)."""

from __future__ import annotations

from provision.formats.uke_dpc import KIND as DPC
from provision.formats.uke_returns import UkeReturns, returns_kind

KIND = returns_kind(DPC, ("dpc-returns", "DPCの返戻", "Returned DPC claims"))

FORMAT = UkeReturns("uke-dpc-returns", "DPCの返戻（HEN）", "Returned DPC claims (HEN)", KIND)
