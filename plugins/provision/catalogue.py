"""形式と表の目録: every source format and dataset of a platform, those in the program and those its layouts define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from provision import formats
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Dataset, Format
from provision.formats.configured import ConfiguredTable
from provision.layouts import Layout
from provision.model import Source


@dataclass(frozen=True)
class Catalogue:
    """What there is. `layouts` are those of the configuration, by id."""

    layouts: Mapping[str, Layout] = field(default_factory=dict)

    @cached_property
    def tables(self) -> dict[str, ConfiguredTable]:
        """The formats that layouts define, by format id."""
        return {layout.format_id: ConfiguredTable(layout) for _, layout in sorted(self.layouts.items())}

    def formats(self) -> dict[str, Format]:
        """Every format by its id."""
        return {**formats.formats(), **self.tables}

    def format(self, format_id: str) -> Format:
        """The format called `format_id`; `FixConfiguration` names the known ones."""
        return self.tables[format_id] if format_id in self.tables else formats.get(format_id)

    def of_source(self, source: Source) -> tuple[Format, ...]:
        """The formats of a source, as it names them. `FixConfiguration` for one that there is not."""
        missing = [name for name in source.formats if name not in self.formats()]
        if missing:
            raise FixConfiguration(
                f"there is no format {missing[0]}", where=f"config/sources/{source.id}.yaml", rule="format.unknown",
                remedy="tokumei formats lists them; a table needs a valid config/layouts file (tokumei config check)",
            )  # fmt: skip
        return tuple(self.format(name) for name in source.formats)

    def datasets(self) -> dict[str, Dataset]:
        """Every dataset that a format fills, by its id. One of the program keeps its name."""
        configured = {table.dataset.id: table.dataset for table in self.tables.values()}
        return configured | {source.dataset.id: source.dataset for source in formats.formats().values()}

    def dataset(self, dataset_id: str) -> Dataset:
        """The dataset called `dataset_id`; `Refused` where no format fills it."""
        found = self.datasets().get(dataset_id)
        if found is None:
            what, remedy = f"no format fills a dataset {dataset_id}", "tokumei datasets lists them"
            raise Refused(what, rule="plan.dataset", remedy=remedy)
        return found
