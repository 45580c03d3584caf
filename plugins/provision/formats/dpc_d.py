"""DPC Dファイル (``Dn``): inclusive payments (包括診療明細情報); 30 columns, grade B (order) and grade C (later years).

The coefficient of the facility (医療機関係数) identifies the hospital: it has the class of facility codes.
"""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-d",
    words=("DPC Dファイル", "DPC D file (inclusive payments)"),
    table="dpc_d_2014",
    least=30,
    most=40,
    forms=(
        (0, FACILITY),
        (1, DATA_ID),
        (2, DAY),
        (3, DAY),
        (4, r"[0-9A-Z]{2}"),
        (5, r"[0-9]{1,4}"),
        (17, DAY),
        (22, r"[0-9]?"),
        (25, r"(?:[0-9]{8})?"),
    ),
)
