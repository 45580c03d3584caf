"""Rows of a made-up table as parcels: cells cleaned as the layout says, typed, told who they are about, unpivoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from provision import codes
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.columnmap import ColumnMap
from provision.formats.columns import typed
from provision.formats.delimited import Coded
from provision.formats.headings import fold
from provision.formats.ledger_columns import CODES
from provision.formats.mynumbers import MyNumbers, refuse_labels
from provision.formats.numbers import canonical_care_number, failing_insurer_numbers
from provision.formats.unpivoting import Unpivoted, answers, test_values
from provision.layouts import Layout, LayoutColumn

#: A column with more unreadable cells than both of these is not what the layout says.
TOLERATED_CELLS, TOLERATED_SHARE = 20, 0.01
#: A day with a time of day, as databases write it: the time goes.
_WITH_TIME = r"^([0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2})[T ][0-9:.]+$"
#: A day as the number spreadsheets count it by: read as an era month it would be another.
_SERIAL = r"^[0-9]{5}$"

#: A birth of which only the month is known. It tells nobody from another, so it is no birth for those with the role.
_MONTH_ONLY = r"^([0-9]{4})[-/.年]?(0[1-9]|1[0-2])月?$"

_AGAIN = "ask the sender for the file again"


@dataclass
class TableRows:
    """The rows of one file. `long` is how many rows of test values and answers one row may become."""

    layout: Layout
    dataset: Dataset
    columns: ColumnMap
    report: Report
    rows: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    my_numbers: MyNumbers = field(default_factory=MyNumbers)

    def __post_init__(self) -> None:
        self.report.records += 1
        self.report.warn("table.unknown_columns", self.columns.unknown)
        self._missing = pl.Series([fold(word) for word in self.layout.missing], dtype=pl.String)

    @property
    def long(self) -> int:
        """Columns that are unpivoted."""
        return sum(key != "columns" for key, _ in self.columns.found)

    def look_above(self, cells: Sequence[str]) -> None:
        """Raise `BadFile` ``my_number`` where a title above the header names My Numbers."""
        refuse_labels(cells)

    def take(self, rows: Coded) -> Parcel:
        """The rows as one parcel. Raises `BadFile` ``my_number``, ``domain``."""
        self.my_numbers.look(rows)
        first, self.rows = self.rows + 1, self.rows + rows.height
        self.report.records += rows.height
        claims = pl.int_range(first, self.rows + 1, dtype=pl.Int64, eager=True).alias("claim_no")
        named = Coded(pl.DataFrame([claims, *rows.codes.get_columns()]), self._plain(rows.words))
        head = self._head(named)
        made = {self.dataset.head: head, **self._long(named, head)}
        self._judge()
        return Parcel(made, self._people(head), rows.height)

    def finish(self) -> None:
        """Raise `BadFile` where nothing was taken."""
        if not self.rows:
            rule = "text.encoding" if self.report.held else "file.empty"
            raise BadFile(rule, remedy=f"there is no row that can be read under the headings; {_AGAIN}")

    def _plain(self, words: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
        """The words of the columns we take, those that mean nothing emptied."""
        taken = {f"c{at}" for at in self.columns.found.values()}
        return {name: self._emptied(column) for name, column in words.items() if name in taken}

    def _emptied(self, words: pl.Series) -> pl.Series:
        if not self._missing.len():
            return words
        folded = words.str.normalize("NFKC").str.replace_all(r"\s", "").str.to_lowercase()
        return words.set(folded.is_in(self._missing.implode()).fill_null(False), "")

    def _head(self, rows: Coded) -> pl.DataFrame:
        """The head table, typed."""
        words, codes_of = {}, [rows.codes["claim_no"]]
        for number, column in enumerate(self.layout.columns):
            place = self.columns.found.get(("columns", number))
            if place is None:
                codes_of.append(pl.Series(column.name, [None] * rows.height, dtype=pl.String))
                continue
            own, numbers = rows.words[f"c{place}"], rows.codes[f"c{place}"].alias(column.name)
            words[column.name] = self._cleaned(column, own, numbers)
            codes_of.append(numbers)
        before = dict(self.report.warnings)
        head = self.dataset.table(self.dataset.head)
        made = typed(pl.DataFrame(codes_of), head.name, head.columns, self.report, words=words)
        self._count(before)
        return made

    def _cleaned(self, column: LayoutColumn, words: pl.Series, numbers: pl.Series) -> pl.Series:
        """Words as the column's domain expects them: codes for words, days without time, zeros in front."""
        if column.digits:
            short = words.str.contains(r"^[0-9]+$").fill_null(False)
            words = pl.select(pl.when(short).then(words.str.zfill(column.digits)).otherwise(words)).to_series()
        if column.domain.startswith("code:"):
            return self._recoded(column, words, numbers)
        if column.cls == "birth" and column.role is None:
            words = words.str.replace(_MONTH_ONLY, "${1}${2}01")
        if column.domain in {"date", "month"}:
            words = words.str.replace(_WITH_TIME, "${1}")
            if self.layout.file.kind != "delimited":
                words = words.set(words.str.contains(_SERIAL).fill_null(False), "?")
        return words

    def _recoded(self, column: LayoutColumn, words: pl.Series, numbers: pl.Series) -> pl.Series:
        """Codes for what senders write; what is neither a word of the layout nor a code is emptied and counted."""
        name = column.domain.removeprefix("code:")
        known = {fold(code): code for code in codes.load(name).names}
        said = column.values or CODES.get(name, {})
        known |= {fold(word): code for word, code in said.items()}
        done = pl.Series([known.get(fold(word or ""), "") for word in words], dtype=pl.String)
        unknown = (words.str.strip_chars() != "") & (done == "")
        lost = int(unknown.gather(numbers).sum())
        self.report.warn(f"code:{self.dataset.head}.{column.name}", lost)
        self.unread[f"{self.dataset.head}.{column.name}"] += lost
        return done

    def _count(self, before: Mapping[str, int]) -> None:
        """Cells that the last call of `typed` could not read, by column."""
        for rule, count in self.report.warnings.items():
            if rule.startswith("domain:") and count > before.get(rule, 0):
                self.unread[rule.removeprefix("domain:")] += count - before.get(rule, 0)

    def _long(self, rows: Coded, head: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Tables of test values and answers."""
        day = head[self.layout.observed] if self.layout.observed else pl.Series([None] * rows.height, dtype=pl.String)
        layout, made = self.layout, {}
        if layout.test_values:
            made["test_value"] = test_values(rows, self._places("test_values"), layout.test_values, day)
        if layout.answers:
            made["answer"] = answers(rows, self._places("answers"), layout.answers, day)
        return {name: self._shared(name, found) for name, found in made.items()}

    def _shared(self, name: str, found: Unpivoted) -> pl.DataFrame:
        for what, count in found.unread.items():
            self.report.warn(f"unread:{name}.{what}", count)
            self.unread[f"{name}.{what}"] += count
        before = dict(self.report.warnings)
        made = typed(found.rows, name, self.dataset.table(name).columns, self.report, words=found.words)
        self._count(before)
        return made

    def _places(self, key: str) -> dict[int, str]:
        return {number: f"c{at}" for (where, number), at in self.columns.found.items() if where == key}

    def _judge(self) -> None:
        """Raise `BadFile` ``domain`` where a column has more than a few unreadable cells."""
        for name, count in self.unread.items():
            if count > max(TOLERATED_CELLS, self.rows * TOLERATED_SHARE):
                remedy = "the column holds something else than the layout says; correct values, missing or domain"
                raise BadFile("domain", field=name, remedy=remedy)

    def _people(self, head: pl.DataFrame) -> pl.DataFrame:
        """`PEOPLE_COLUMNS` by the roles of the layout; where no column says so, its `facility` gave out the charts."""
        roles = {column.role: column.name for column in self.layout.columns if column.role}
        nothing = pl.lit(None, pl.String)
        made: dict[str, pl.Expr] = {role: pl.col(name) for role, name in roles.items() if role in PEOPLE_COLUMNS}
        if "care_number" in made:
            made["care_number"] = canonical_care_number(made["care_number"])
        if "facility" not in made and self.layout.facility:
            made["facility"] = pl.lit(self.layout.facility)
        people = head.select("claim_no", *[made.get(name, nothing).alias(name) for name in PEOPLE_COLUMNS[1:]])
        self.report.people += people.height
        for role in ("insurer", "care_insurer"):
            self.report.warn(f"check_digit:{role}", failing_insurer_numbers(people[role]))
        return people
