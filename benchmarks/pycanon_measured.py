"""pyCANON's k, l, entropy l and t of one table, timed; run by an interpreter that has pyCANON and nothing of ours."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
from pycanon import anonymity

if __name__ == "__main__":
    table = pd.read_csv(sys.argv[1], dtype=str)
    quasi, sensitive = list(table.columns[:6]), list(table.columns[6:])
    began = time.perf_counter()
    anonymity.k_anonymity(table, quasi)
    anonymity.l_diversity(table, quasi, sensitive)
    anonymity.entropy_l_diversity(table, quasi, sensitive)
    anonymity.recursive_c_l_diversity(table, quasi, sensitive)
    anonymity.t_closeness(table, quasi, sensitive)
    print(json.dumps({"seconds": time.perf_counter() - began}))
