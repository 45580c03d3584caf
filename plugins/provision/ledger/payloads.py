"""What an entry of each type must carry, checked before it is appended. The types themselves: `entrytypes`.

An allow-list: a type nobody declared is refused, and so is a field nobody declared where the type is closed. So nothing
gets into the log by accident, and an auditor knows what to expect of every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from provision.errors import Refused


@dataclass(frozen=True)
class Kind:
    """What a field may hold, in words, and the test for it."""

    words: str
    holds: Callable[[object], bool]
    required: bool = True


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_list(value: object, inner: Callable[[object], bool] = lambda _: True) -> bool:
    return isinstance(value, list | tuple) and all(inner(item) for item in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


TEXT = Kind("text", _is_text)
COUNT = Kind("number", _is_count)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
TEXTS = Kind("list of texts", lambda value: _is_list(value, _is_text))
LIST = Kind("list", _is_list)
OBJECT = Kind("object", lambda value: isinstance(value, Mapping))
ANY = Kind("any value", lambda _: True)


def maybe(kind: Kind) -> Kind:
    """The same, of a field that may be missing."""
    return Kind(kind.words, kind.holds, required=False)


@dataclass(frozen=True)
class EntryType:
    """One declaration: `about` the kinds of subject the entry must name, `carries` its fields. With `more` it may carry
    others, whose names depend on what happened (counts by cause, figures of a profile)."""

    name: str
    ja: str
    en: str
    about: str = ""
    carries: Mapping[str, Kind] = field(default_factory=dict)
    more: bool = False

    def check(self, subjects: Mapping[str, str], payload: Mapping[str, object]) -> None:
        """Raise `Refused` unless the entry carries what it must. Values are never repeated."""
        missing = [kind for kind in self.about.split() if kind not in subjects]
        if missing:
            raise self._refused(f"does not say which {', '.join(missing)} it is about")
        missing = [name for name, kind in self.carries.items() if kind.required and name not in payload]
        if missing:
            raise self._refused(f"does not carry {', '.join(sorted(missing))}")
        if not self.more and payload.keys() - self.carries.keys():
            raise self._refused("carries a field that is not declared")
        for name, kind in self.carries.items():
            if name in payload and not kind.holds(payload[name]):
                raise self._refused(f"should carry {name} as {kind.words}")

    def _refused(self, what: str) -> Refused:
        remedy = "a defect of the caller, or of the declaration in provision/ledger/entrytypes.py"
        return Refused(f"{self.name} {what}", rule="ledger.payload", remedy=remedy)


class Registry:
    """The declared types, by name."""

    def __init__(self, types: Iterable[EntryType]) -> None:
        """`types` with different names; two of one name are a `ValueError`."""
        self._types: dict[str, EntryType] = {}
        for one in types:
            self.declare(one)

    def declare(self, one: EntryType) -> None:
        """Add a type."""
        if one.name in self._types:
            raise ValueError(f"{one.name} is declared twice")
        self._types[one.name] = one

    def all(self) -> list[EntryType]:
        """Every type, by name."""
        return [self._types[name] for name in sorted(self._types)]

    def check(self, name: str, subjects: Mapping[str, str], payload: Mapping[str, object]) -> None:
        """Raise `Refused` where the type is not declared or the entry does not carry what it must."""
        found = self._types.get(name)
        if found is None:
            raise Refused(
                "an entry type is not declared", rule="ledger.payload",
                remedy="a defect of the caller: declare it in provision/ledger/entrytypes.py",
            )  # fmt: skip
        found.check(subjects, payload)
