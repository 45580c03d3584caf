"""Records what every dataset of the program stores: tests/contract/datasets.tsv. Run it after columns were added.

What a stored column means may not change under one name: batches in the store, releases and codebooks of before have
the former meaning. So a column may be added, and one that is stored may go or change only with a new dataset id; the
script refuses anything else, and tests/contract/test_dataset_shapes.py compares. Tables of layouts are held to the same
by `provision.layouthistory`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from provision.catalogue import Catalogue
from provision.formats.tables import DROPPED

RECORD = Path(__file__).parents[1] / "tests" / "contract" / "datasets.tsv"
HEAD = "dataset\ttable\tcolumn\tclass\ttype\tdomain\tunit"

#: (dataset, table, column) -> class, type, domain, unit.
Shapes = dict[tuple[str, str, str], tuple[str, str, str, str]]


def now() -> Shapes:
    """What the program stores: every column that receipt does not drop."""
    return {
        (dataset.id, table.name, column.name): (column.cls.value, column.dtype, column.domain, column.unit)
        for dataset in Catalogue().datasets().values()
        for table in dataset.tables
        for column in table.columns
        if column.cls not in DROPPED
    }


def recorded(text: str) -> Shapes:
    """What was recorded."""
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {(row[0], row[1], row[2]): (row[3], row[4], row[5], row[6]) for row in rows}


def text(shapes: Shapes) -> str:
    """The record's contents, sorted so that a change is a line."""
    lines = ["\t".join((*place, *said)) for place, said in sorted(shapes.items())]
    return "\n".join([HEAD, *lines]) + "\n"


def incompatible(before: Shapes, after: Shapes) -> list[str]:
    """What of `before` is gone or has another meaning, in words; of datasets that are gone as a whole nothing."""
    left = {place[0] for place in after}
    found = []
    for place, said in sorted(before.items()):
        name = " ".join(place)
        if place[0] in left and place not in after:
            found.append(f"{name} is gone: batches in the store have it")
        elif place in after and after[place] != said:
            found.append(f"{name} means something else: {' '.join(said)} -> {' '.join(after[place])}")
    return found


def main() -> int:
    """Write the record, or say why not."""
    shapes = now()
    problems = incompatible(recorded(RECORD.read_text("utf-8")), shapes) if RECORD.exists() else []
    for problem in problems:
        print(f"{problem} -> give the dataset another id, or the column another name", file=sys.stderr)
    if not problems:
        RECORD.write_text(text(shapes), encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
