"""DPC Fファイル (``Fn``): details of acts (行為明細情報), the older half of EF; 19 columns, once 18; grade B."""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-f",
    words=("DPC Fファイル", "DPC F file (details of acts)"),
    table="dpc_f_2014",
    least=18,
    most=22,
    forms=(
        (0, FACILITY),
        (1, DATA_ID),
        (2, DAY),
        (3, DAY),
        (4, r"[0-9A-Z]{2}"),
        (5, r"[0-9]{1,4}"),
        (6, r"[0-9]{1,3}"),
        (11, r"[0-9.]{1,11}"),
    ),
)
