"""DPC 様式4 (``FF4``): care outside the medical insurance (医科保険診療以外の診療情報), a row per stay; grade C.

Up to 16 columns are accepted (every other DPC file of patients has more), those behind the fifth dropped and counted.
"""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-form4",
    words=("DPC 様式4", "DPC Form 4 (care outside the medical insurance)"),
    table="dpc_form4",
    least=5,
    most=16,
    forms=((0, FACILITY), (1, DATA_ID), (2, DAY), (3, DAY), (4, r"[0-9A-Z]{1,2}")),
    strict=False,
)
