"""一括の置き場: what a batch becomes in the store, one staging per dataset that its source's formats fill.

A hospital's drop may hold claims, returned claims and survey files. Each file goes to the dataset of its format, with
claim numbers counted in that dataset. All datasets are committed one after another before the log accepts the batch:
until then nobody sees any of them, so a task that dies between two is repeated and ends with the same store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provision.formats.base import Format
from provision.store import Staging, Store


@dataclass
class Shelf:
    """One dataset of a batch. `claims` is the next claim number in it, `files` how many files were taken into it."""

    dataset: str
    staging: Staging
    claims: int = 0
    files: int = 0


class Shelves:
    """All datasets of one batch of a source. Formats that fill the same dataset share its shelf."""

    def __init__(self, store: Store, kinds: Sequence[Format], source: str, batch: str) -> None:
        self.store, self.source, self.batch = store, source, batch
        datasets = {kind.dataset.id: kind.dataset for kind in kinds}
        self.all = {name: Shelf(name, store.stage(dataset, source, batch)) for name, dataset in datasets.items()}

    def of(self, kind: Format) -> Shelf:
        """Where the files of this format go."""
        return self.all[kind.dataset.id]

    def filled(self) -> list[str]:
        """Datasets that a file was taken into."""
        return [shelf.dataset for shelf in self.all.values() if shelf.files]

    def rows(self) -> dict[str, int]:
        """Rows by table; by ``dataset.table`` where the source fills several datasets, as tables may share a name."""
        alone = len(self.all) == 1
        return {
            table if alone else f"{shelf.dataset}.{table}": count
            for shelf in self.all.values()
            for table, count in shelf.staging.rows.items()
        }

    def commit(self, facts: Mapping[str, object]) -> None:
        """Put every dataset that a file was taken into in its place, and forget the others.

        What a dead run with another configuration or program had put into datasets that have no file now goes first.
        """
        filled = [shelf for shelf in self.all.values() if shelf.files]
        self.store.keep_only(self.source, self.batch, [shelf.dataset for shelf in filled])
        for shelf in self.all.values():
            if shelf.files:
                shelf.staging.commit({**facts, "batch": self.batch, "source": self.source})
            else:
                shelf.staging.discard()

    def discard(self) -> None:
        """Forget the batch."""
        for shelf in self.all.values():
            shelf.staging.discard()
