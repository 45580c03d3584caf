"""DPC Hファイル (``Hn``): daily severity and nursing needs (重症度、医療・看護必要度); 20 columns, grade C.

9 to 40 columns are accepted; those behind the eleventh score are dropped and counted. A score that is no code of at
most four digits or letters is emptied and counted; what it means depends on item and version, so there is no code list.
"""

from __future__ import annotations

from provision.formats.dpcfile import DATA_ID, DAY, FACILITY
from provision.formats.dpcwide import WideDpc

FORMAT = WideDpc(
    id="dpc-h",
    words=("DPC Hファイル", "DPC H file (severity and nursing needs)"),
    table="dpc_h",
    least=9,
    most=40,
    forms=((0, FACILITY), (2, DATA_ID), (3, DAY), (4, DAY), (5, DAY), (6, r"[A-Z]{3}[0-9]{4}")),
    strict=False,
)
