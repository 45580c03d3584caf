"""DPC EF統合ファイル (``EFn``, ``EFg``): acts and details of inpatients and outpatients, 31 columns, grade B.

Source: DPC調査 実施説明資料, tables of 2014 as transcribed by an open parser; names and order are the same in that
of 2025-05-30. In outpatient files column 3 is the birth date and column 4 the visit: see `dpcwide`.
"""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-ef",
    words=("DPC EF統合ファイル", "DPC combined EF file"),
    table="dpc_ef_2014",
    least=31,
    most=40,
    forms=(
        (0, FACILITY),
        (1, DATA_ID),
        (2, DAY),
        (3, DAY),
        (4, r"[0-9A-Z]{2}"),
        (5, r"[0-9]{1,4}"),
        (6, r"[0-9]{1,3}"),
        (23, DAY),
    ),
)
