"""What pymerkle takes, run by the Python of an environment that has it (`bench_ledger` makes one); nothing of ours.

pymerkle is under the GPL: it is measured in a process of its own and is no part of the product.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path

from pymerkle import SqliteTree  # type: ignore[import-not-found]


def main(folder: Path, sizes: list[int], proofs: int, appends: int) -> None:
    """Print milliseconds of one append, and of one inclusion proof at every size."""
    found: dict[str, float] = {}
    with SqliteTree(str(folder / "pymerkle.db")) as tree:
        start = time.perf_counter()
        for number in range(appends):
            tree.append_entry(b"entry %d" % number)
        found["append_ms"] = (time.perf_counter() - start) * 1000 / appends
        size = appends
        for wanted in sorted(sizes):
            tree.append_entries([b"entry %d" % number for number in range(size, wanted)], chunksize=10_000)
            size = wanted
            found[f"proof_ms_{wanted}"] = _proof(tree, wanted, proofs)
    print(json.dumps(found))


def _proof(tree: SqliteTree, size: int, proofs: int) -> float:
    dice, times = random.Random(7), []
    for _ in range(proofs):
        index = dice.randrange(1, size + 1)
        start = time.perf_counter()
        tree.prove_inclusion(index, size)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
