"""Paths of the FHIR allow-list, and the types a decoder needs to make nothing but what they name.

The `record` of a field in ``fields/fhir_r4.tsv`` is a path such as ``Condition.code.coding[]{icd10}``: elements from
the resource on, ``[]`` where they repeat, ``{word}`` where only codings of the systems of that word count, ``*`` at the
end where all of them do and not the first, ``|`` between paths of which the first that holds something counts. From all
paths one `msgspec.Struct` is made for every element that has elements. The decoder skips whatever is in no path, so a
name, a note or an extension that is not named there never becomes a value in this process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from provision import codes
from provision.formats import tables
from provision.formats.base import ColumnClass
from provision.formats.tables import Field, FieldTable
from provision.formats.ukekind import DERIVED

TABLE = "fhir_r4"
#: Elements that hold themselves (items of questionnaires): read so deep.
NESTED, NESTING = "item", 4
#: Classes of fields that are named in the table for the record only and in no path of the decoder.
UNREAD = frozenset({ColumnClass.FREE, ColumnClass.PROVIDER_NAME})
#: What is in elements of which only codes and amounts are read.
_AMOUNTS = frozenset({"system", "code", "value", "unit", "comparator"})
#: Kinds of which every one is looked at, as they say who it is or what the document is.
_LOOKED_AT = frozenset({"Bundle", "Composition", "Coverage", "Organization", "Patient"})
#: Fields of this kind of resource say what holds for all.
ANY = "Resource"
_STEP = re.compile(r"([A-Za-z]+)(\[\])?(?:\{([a-z][a-z0-9_]*)\})?")
#: Attributes of the types begin so: ``class`` is an element of FHIR and no name in Python.
PREFIX = "f_"


@dataclass(frozen=True)
class Step:
    """One element of a path; `word` is that of the systems whose codes count."""

    name: str
    repeats: bool
    word: str

    @property
    def attribute(self) -> str:
        """Its name in the types."""
        return PREFIX + self.name


@dataclass(frozen=True)
class Path:
    """A path from a kind of resource; `every` where all of its codes count."""

    kind: str
    steps: tuple[Step, ...]
    every: bool = False


@dataclass
class _Node:
    """An element: what is in it, whether it repeats, whether its text is a number, whether it stays bytes."""

    repeats: bool = False
    number: bool = False
    stays: bool = False
    children: dict[str, _Node] = field(default_factory=dict)

    def leaves(self) -> set[str]:
        """The names of the elements in it that have no elements themselves; "" where it has none itself."""
        return set().union(*({n} if not c.children else c.leaves() for n, c in self.children.items())) or {""}


@cache
def table() -> FieldTable:
    """The allow-list."""
    return tables.load(TABLE)


@cache
def parse(record: str) -> tuple[Path, ...]:
    """The paths of a field. ValueError where one is not written as described above."""
    return tuple(_path(text) for text in record.split("|"))


def _path(text: str) -> Path:
    kind, _, rest = text.removesuffix("*").partition(".")
    found = [_STEP.fullmatch(step) for step in rest.split(".")] if rest else []
    if not kind.isalpha() or None in found:
        raise ValueError(text)
    steps = tuple(Step(m[1], bool(m[2]), m[3] or "") for m in found if m)
    return Path(kind, steps, text.endswith("*"))


def is_read(one: Field) -> bool:
    """Whether a field becomes a value at all: texts and names of staff do not, nor what is said of all resources, but
    for their id, which references need."""
    if one.index >= DERIVED or one.column.cls in UNREAD:
        return False
    return one.record == f"{ANY}.id" or not one.record.startswith(f"{ANY}.")


@dataclass(frozen=True)
class Types:
    """What decoders make: `resource`, one type for every kind of resource of R4, told apart by ``resourceType``, those
    without a path without any element; `bundle`, a bundle of these; `sealed`, a bundle whose resources stay bytes.
    In these the `elements`, by kind and name, stay bytes, and have these types; in `whole` they do not."""

    resource: Any
    bundle: Any
    sealed: Any
    whole: Any
    elements: Mapping[tuple[str, str], Any]


@cache
def types() -> Types:
    """The types of the allow-list."""
    roots: dict[str, _Node] = {kind: _Node() for kind in codes.load("fhir_resource").names}
    for one in filter(is_read, table().fields):
        for path in parse(one.record):
            if path.kind != ANY:
                _add(roots[path.kind], path, number=one.column.dtype != "string")
    for node in roots.values():
        if node.children:
            node.children["id"] = _Node()
    bundle = roots["Bundle"]
    entry = bundle.children.pop("entry")
    whole = _union([_struct(kind, node, 0, tag=kind) for kind, node in roots.items()])
    elements = dict(_staying(roots))
    resource = _union([_struct(kind, node, 0, tag=kind) for kind, node in roots.items()])
    sealed = _bundle(bundle, entry, msgspec.Raw)
    return Types(resource, _bundle(bundle, entry, resource), sealed, whole, elements)


def _staying(roots: Mapping[str, _Node]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The elements that stay bytes, by kind and name, with their types: of which only codes and amounts are read, and
    which are no rows themselves. Marks them."""
    rows = {source.removesuffix("[]") for one in table().dataset.tables for source in one.source.split()}
    for kind, node in roots.items():
        for name, child in node.children.items() if kind not in _LOOKED_AT else ():
            if child.leaves() <= _AMOUNTS and f"{kind}.{name}" not in rows:
                yield (kind, name), _typed(f"{kind}_{name}", name, child, 0)[0]
                child.stays = True


def _bundle(bundle: _Node, entry: _Node, resource: Any) -> Any:
    """A bundle with resources of this type. They may be missing: deletions of a transaction have none."""
    fields, rename = _fields("Bundle", bundle, 0)
    own, names = _fields("Bundle_entry", entry, 0)
    nothing = msgspec.Raw() if resource is msgspec.Raw else None
    one: Any = msgspec.defstruct(
        "Entry",
        [*own, (f"{PREFIX}resource", resource if nothing is not None else resource | None, nothing)],
        rename={**names, f"{PREFIX}resource": "resource"},
        gc=False,
    )
    entries = (f"{PREFIX}entry", tuple[one, ...] | None, None)
    rename = {**rename, f"{PREFIX}entry": "entry"}
    return msgspec.defstruct(
        "Bundle", [*fields, entries], rename=rename, gc=False, tag_field="resourceType", tag="Bundle"
    )


def _add(node: _Node, path: Path, *, number: bool) -> None:
    for step in path.steps:
        child = node.children.setdefault(step.name, _Node(step.repeats))
        if child.repeats != step.repeats:
            raise ValueError(f"{path.kind}: {step.name} repeats in one path and not in another")
        node = child
        if step.word:
            node.children.setdefault("system", _Node())
    if path.steps and path.steps[-1].word:
        node.children.setdefault("code", _Node())
    elif number and path.steps[-1].name != "reference":
        node.number = True


def _struct(name: str, node: _Node, depth: int, tag: str | None = None) -> Any:
    fields, rename = _fields(name, node, depth)
    if tag:
        return msgspec.defstruct(name, fields, rename=rename, gc=False, tag_field="resourceType", tag=tag)
    return msgspec.defstruct(name, fields, rename=rename, gc=False)


def _fields(name: str, node: _Node, depth: int) -> tuple[list[tuple[str, Any, Any]], dict[str, str]]:
    """Attributes of an element with type and default, and what each is called in the file."""
    made = [(PREFIX + child, *_typed(f"{name}_{child}", child, below, depth)) for child, below in node.children.items()]
    names = list(node.children)
    if name.endswith(f"_{NESTED}") and depth < NESTING:
        made.append((PREFIX + NESTED, *_typed(f"{name}_{NESTED}", NESTED, node, depth + 1)))
        names.append(NESTED)
    return made, {PREFIX + child: child for child in names}


def _typed(path: str, name: str, node: _Node, depth: int) -> tuple[Any, Any]:
    """Type and default of an element. Numbers stay the text they are in the file; null stands in arrays of texts."""
    if node.number or node.stays:
        return msgspec.Raw, msgspec.Raw()
    one: Any = _struct(path, node, depth) if node.children else bool if name == "valueBoolean" else str
    if node.repeats:  # tuples, since the garbage collector forgets those that hold nothing it watches
        return tuple[one | None, ...] | None, None
    return one | None, None


def _union(members: Iterable[Any]) -> Any:
    whole: Any = None
    for member in members:
        whole = member if whole is None else whole | member
    return whole
