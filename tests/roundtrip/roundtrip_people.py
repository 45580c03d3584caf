"""Who can be linked, worked out from what the truth says stands on each record, by the documented rules.

Written apart from the code it judges: plain texts instead of keyed tokens, dictionaries instead of columns. The rules
are those of docs/architecture.md, "Identity".
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

Told = Mapping[str, str]
_OLD = str.maketrans("髙﨑濵德", "高崎浜徳")


def components(told: Sequence[Told]) -> list[int]:
    """A number per record, the same for the records of one person as far as the rules join them.

    `told` is the evidence of each record with its ``source``; what is equal in two records is equal in spelling.
    """
    joined = _Joined(len(told))
    usable = _by_numbers(told, joined)
    for members in _groups(range(len(told)), joined.find).values():
        if _differ(told, members, "birth") or _differ(told, members, "sex"):
            joined.apart(members)
    _by_name(told, joined, usable)
    return [joined.find(index) for index in range(len(told))]


class _Joined:
    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, index: int) -> int:
        while self.parent[index] != index:
            self.parent[index] = self.parent[self.parent[index]]
            index = self.parent[index]
        return index

    def join(self, members: Sequence[int]) -> None:
        for index in members:
            one, other = sorted((self.find(members[0]), self.find(index)))
            self.parent[other] = one

    def apart(self, members: Sequence[int]) -> None:
        for index in members:
            self.parent[index] = index


def _by_numbers(told: Sequence[Told], joined: _Joined) -> set[int]:
    """Join by the four strong domains; gives the records that have a number that means one person."""
    usable: set[int] = set()
    for token, against in _DOMAINS:
        for key, members in _groups(range(len(told)), lambda index, token=token: token(told[index])).items():
            if key is None:
                continue
            if not any(_differ(told, members, name) for name in against):
                joined.join(members)
                usable.update(members)
            elif "kana" in against:
                usable.update(_of_one_name(told, members, joined))
    return usable


def _of_one_name(told: Sequence[Told], members: Sequence[int], joined: _Joined) -> set[int]:
    """Twins of one sex on one card: their records are told apart by name, as far as kana and characters agree."""
    names = _Joined(len(told))
    for part in (_kana, _written):
        for key, same in _groups(members, lambda index, part=part: part(told[index])).items():
            if key:
                names.join(same)
    found: set[int] = set()
    for same in _groups(members, names.find).values():
        named = [index for index in same if _kana(told[index]) or _written(told[index])]
        if named and not _differ(told, same, "kana") and not _differ(told, same, "written"):
            joined.join(same)
            found.update(same)
    return found


def _by_name(told: Sequence[Told], joined: _Joined, usable: set[int]) -> None:
    """Records without any usable number go by kana, birth and sex, within one source, where that is one person."""
    for key, members in _groups(range(len(told)), lambda index: _name_birth(told[index])).items():
        strong = {joined.find(index) for index in members if index in usable}
        weak = [index for index in members if index not in usable]
        if key is not None and weak and len(strong) < 2 and not _differ(told, members, "written"):
            joined.join([*strong, *weak])


def _groups(indexes: Sequence[int] | range, key: Callable[[int], object]) -> dict[object, list[int]]:
    found: dict[object, list[int]] = defaultdict(list)
    for index in indexes:
        found[key(index)].append(index)
    return found


def _differ(told: Sequence[Told], members: Sequence[int], name: str) -> bool:
    part = {"kana": _kana, "written": _written}.get(name, lambda record: record.get(name, ""))
    return len({part(told[index]) for index in members} - {""}) > 1


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c not in " -")


def _kana(record: Told) -> str:
    return _plain(record.get("kana", ""))


def _written(record: Told) -> str:
    """A name in Chinese characters, old ones as the plain ones; kana and letters are no evidence of spelling."""
    text = _plain(record.get("name", "")).translate(_OLD)
    return text if any("\u4e00" <= c <= "\u9fff" for c in text) else ""


def _whole(record: Told, *names: str) -> tuple[str, ...] | None:
    values = tuple(_plain(record.get(name, "")) for name in names)
    return values if all(values) else None


def _card(record: Told, *more: str) -> tuple[str, ...] | None:
    own = _whole(record, "insurer", "number", *more)
    return own and (*own, _plain(record.get("symbol", "")))


def _name_birth(record: Told) -> tuple[str, ...] | None:
    return _whole(record, "source", "kana", "birth", "sex")


def _chart(record: Told) -> tuple[str, ...] | None:
    """Facility and chart; the chart of a source's own server (``*``) is that source's alone."""
    return _whole(record, "facility", "chart", *(["source"] if record.get("facility") == "*" else []))


_DOMAINS: tuple[tuple[Callable[[Told], object], tuple[str, ...]], ...] = (
    (lambda record: _card(record, "branch"), ("birth", "sex")),
    (lambda record: _card(record, "birth", "sex"), ("kana", "written")),
    (lambda record: _whole(record, "care_insurer", "care_number"), ("birth", "sex")),
    (_chart, ("birth", "sex")),
)
