"""DPC Eファイル (``En``): acts (診療明細情報), the older half of EF; 25 columns, grade B.

Up to 29 columns are accepted: 30 are a D file, whose first 25 columns are the same.
"""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-e",
    words=("DPC Eファイル", "DPC E file (acts)"),
    table="dpc_e_2014",
    least=25,
    most=29,
    forms=(
        (0, FACILITY),
        (1, DATA_ID),
        (2, DAY),
        (3, DAY),
        (4, r"[0-9A-Z]{2}"),
        (5, r"[0-9]{1,4}"),
        (17, DAY),
        (22, r"[0-9]?"),
    ),
)
