"""表の定義: the layout of a table that a sender makes up itself, config/layouts/<id>.yaml.

A layout says of what kind the file is, and of every column we take how it is headed, what it means and which class it
has. What no layout names is dropped. A source sends it as format ``table:<id>``; it fills the dataset ``<id>``.

A stored text column needs a closed domain, a column with a dropped class has none, and a form that would admit a name,
an address or a telephone number is no closed domain. All this is asked when the file is read: a layout that does not
hold takes in nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from provision.layoutrules import DROPPED, NEVER, OF_ROLE, check_domain, wrong
from provision.nouns import Identifier, Noun, Words

ColumnName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="lower-case letters, digits, _")]
Headings = Annotated[list[str], Field(min_length=1, description="as senders write them; widths, case, spaces alike")]
ClassWord = Literal[
    "direct", "link", "birth", "zip", "insurer", "free", "provider", "provider_name", "technical", "sensitive",
    "quasi", "ordinary", "reserved",
]  # fmt: skip
RoleWord = Literal[
    "name", "kana", "birth", "sex", "insurer", "symbol", "number", "branch", "care_insurer", "care_number", "facility",
    "chart", "phone", "address", "claim",
]  # fmt: skip


class Delimited(Noun):
    """区切り文字のテキスト: CSV and the like."""

    kind: Literal["delimited"]
    separator: Literal["auto", "comma", "tab", "semicolon"] = "auto"
    encoding: Literal["auto", "utf-8", "cp932", "utf-16"] = "auto"
    header_row: int = Field(default=1, ge=1, le=50, description="the row with the headings, from 1")


class Excel(Noun):
    """Excelブック (.xlsx): one sheet."""

    kind: Literal["excel"]
    sheet: str = Field(default="", description="name of the sheet; empty: the workbook has only one")
    header_row: int = Field(default=1, ge=1, le=50, description="the row with the headings, from 1")


class Parquet(Noun):
    """Parquet."""

    kind: Literal["parquet"]


FileKind = Annotated[Delimited | Excel | Parquet, Field(discriminator="kind")]


class _Headed(Noun):
    """What every column of the sender has."""

    headings: Headings
    ja: str = Field(min_length=1)
    en: str = Field(min_length=1)
    required: bool = Field(default=True, description="a file without it is no file of this table")
    values: dict[str, str] = Field(default_factory=dict, description="what senders write: the code it means")
    confirm: Literal["required"] | None = Field(default=None, description="a draft's: a person has not looked yet")

    @field_validator("confirm")
    @classmethod
    def _confirmed(cls, value: str | None) -> None:
        if value is not None:
            raise wrong("nobody has confirmed this column yet", "check every line of it, then remove confirm")

    @field_validator("headings")
    @classmethod
    def _no_my_number(cls, value: list[str]) -> list[str]:
        from provision.formats.mynumbers import is_heading

        if any(map(is_heading, value)):
            raise wrong("a heading of My Numbers: these are never taken", "remove the column, ask for files without it")
        return value


class LayoutColumn(_Headed):
    """A column of the head table, or one that is only used to know who a row is about, or dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)

    name: ColumnName
    cls: ClassWord = Field(alias="class")
    dtype: Literal["string", "integer", "decimal"] = "string"
    domain: str = Field(default="none", validate_default=True)
    unit: str = ""
    category: int = Field(default=0, ge=0, le=8, validate_default=True, description="content category of the policy")
    role: RoleWord | None = Field(default=None, description="what tells who a row is about")
    digits: int = Field(default=0, ge=0, le=20, description="zeros in front are put back up to so many digits")

    @property
    def stored(self) -> bool:
        """Whether anything of it enters the store."""
        return self.cls not in DROPPED

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value in NEVER:
            raise wrong("is a name of ours", "choose another name")
        return value

    @field_validator("domain")
    @classmethod
    def _closed(cls, value: str, info: ValidationInfo) -> str:
        told = info.data
        if {"cls", "dtype", "name"} <= told.keys():
            check_domain(value, told["cls"], told["dtype"], told["name"])
        return value

    @field_validator("category")
    @classmethod
    def _in_the_policy(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("cls", "direct") not in DROPPED and not value:
            raise wrong("a stored column needs a content category", "write the category 1-8 of the published policy")
        return value

    @field_validator("role")
    @classmethod
    def _fitting(cls, value: str | None, info: ValidationInfo) -> str | None:
        word = info.data.get("cls")
        if value and word and word not in OF_ROLE[value]:
            raise wrong(f"a column of this role is not {word}", f"use class {' or '.join(sorted(OF_ROLE[value]))}")
        if value == "sex" and info.data.get("domain", "code:sex") != "code:sex":
            raise wrong("the column that says the sex has the domain code:sex", "use this domain, and values")
        return value


class TestValue(_Headed):
    """検査値: a column of results; every filled cell is a row of the table test_value."""

    __test__ = False  # pytest looks at every name that begins so
    item: str | None = Field(default=None, description="our item, config/codes/test_item.tsv; or the code")
    code: str | None = Field(default=None, pattern=r"^(?:[0-9A-Z]{15}|[0-9A-Z]{17}|[0-9]{1,5}-[0-9])$")
    system: Literal["jlac10", "jlac11", "loinc"] | None = Field(default=None, description="code system of the code")
    unit: str = ""

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.item is None) == (self.code is None) or (self.code is None) != (self.system is None):
            raise wrong("is named by neither or both of item and code", "write item, or code with its system")
        return self

    @field_validator("values")
    @classmethod
    def _results(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(re.fullmatch(r"[0-9]{1,4}|neg|trace|[1-5]pos|A|B|O|AB", code) or _is_absent(code)
                   for code in value.values()):  # fmt: skip
            raise wrong(
                "a value is no result code", "four digits at most, neg, trace, 1pos-5pos, or a word of test_absent"
            )
        return value


class Answer(_Headed):
    """質問票の回答: a column of answers; every filled cell is a row of the table answer."""

    question: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._/-]{0,63}$", description="code of the question")
    number: bool = Field(default=False, description="the answer is a number, such as cigarettes a day")
    unit: str = ""
    system: str | None = Field(default=None, pattern=r"^[0-2](?:\.[0-9]{1,6}){2,12}$", description="OID of the codes")

    @field_validator("values")
    @classmethod
    def _codes(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(re.fullmatch(r"[0-9]{1,4}|true|false", code) or _is_absent(code) for code in value.values()):
            raise wrong("a value is no answer code", "up to four digits, true, false, or a word of test_absent")
        return value


class Head(Words):
    """Name of the table with one row per row of the file."""

    name: ColumnName


class Layout(Noun):
    """表の定義: one kind of table, config/layouts/*.yaml."""

    id: Identifier
    title: Words
    edition: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,19}$", description="of the sender's layout")
    file: FileKind
    head: Head
    unknown_columns: Literal["drop", "refuse"] = Field(default="drop", description="what becomes of other columns")
    missing: list[str] = Field(default_factory=list, description="what senders write where there is nothing")
    facility: str = Field(default="", description="who gave out the chart numbers, where no column says so")
    observed: ColumnName | None = Field(default=None, description="column with the day of test values and answers")
    columns: list[LayoutColumn] = Field(min_length=1)
    test_values: list[TestValue] = Field(default_factory=list)
    answers: list[Answer] = Field(default_factory=list)

    def headed(self) -> Iterator[tuple[tuple[str, int], LayoutColumn | TestValue | Answer]]:
        """Every column with its place in the file: ``columns``, ``test_values`` or ``answers``, and number."""
        for key in ("columns", "test_values", "answers"):
            for number, column in enumerate(getattr(self, key)):
                yield (key, number), column

    @property
    def format_id(self) -> str:
        """As sources name it."""
        return f"{PREFIX}{self.id}"

    @model_validator(mode="after")
    def _holds(self) -> Self:
        _once(self)
        _whole(self)
        return self


#: What the format ids of layouts begin with.
PREFIX = "table:"


def _is_absent(word: str) -> bool:
    return word in {"not_done", "not_measurable", "refused", "unknown"}


def _once(layout: Layout) -> None:
    """Names, headings and roles occur once."""
    from provision.formats.headings import fold

    said: list[tuple[str, tuple[int | str, ...], str]] = []
    for place, column in layout.headed():
        said += [("heading", (*place, "headings"), fold(heading)) for heading in column.headings]
        if isinstance(column, LayoutColumn):
            said += [("name", (*place, "name"), column.name)]
            said += [("role", (*place, "role"), column.role)] if column.role else []
        elif isinstance(column, Answer):
            said += [("question", (*place, "question"), column.question)]
    seen: Counter[tuple[str, str]] = Counter()
    for what, at, word in said:
        seen[what, word] += 1
        if not word or seen[what, word] > 1:
            raise wrong(f"the same {what} stands twice, or it is blank", f"every {what} once", at)


def _whole(layout: Layout) -> None:
    """What the columns must have together."""
    if layout.head.name in {"test_value", "answer"}:
        raise wrong("the head table has a name of ours", "choose another name", ["head", "name"])
    columns = {column.name: column for column in layout.columns}
    if not any(column.stored for column in layout.columns) and not layout.test_values and not layout.answers:
        raise wrong("nothing of the table is stored", "keep a column, or do not take the table", ["columns"])
    if not any(column.required for _, column in layout.headed()):
        raise wrong(
            "no column is required: any file would be one of this table", "require those that tell", ["columns"]
        )
    roles = {column.role for column in layout.columns}
    if "chart" in roles and "facility" not in roles and not layout.facility:
        raise wrong("a chart number names nobody without who gave it out", "write facility", ["columns"])
    day = columns.get(layout.observed or "")
    if layout.observed and (day is None or day.domain != "date"):
        raise wrong("names no column with the domain date", "name one of columns", ["observed"])
