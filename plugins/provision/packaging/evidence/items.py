"""規則34条: what was done for each of the five items, by which rule, on which columns, and what was tested afterwards.

What is done on receipt is code (`anonymization/receipt.py`); what a release does besides is in its facts. A rule stands
under every item that its law reference names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from anonymization.receipt import FLOOR
from anonymization.rules import rules
from provision.catalogue import Catalogue
from provision.model import Profile

Facts = Mapping[str, Any]


class Item(NamedTuple):
    """One item of Rules art. 34."""

    number: int
    ja: str
    en: str


ITEMS = (
    Item(1, "特定の個人を識別することができる記述等の削除", "Deleting descriptions that identify a specific person"),
    Item(2, "個人識別符号の削除", "Deleting individual identification codes"),
    Item(3, "情報を相互に連結する符号の削除", "Deleting codes that link information"),
    Item(4, "特異な記述等の削除", "Deleting peculiar descriptions"),
    Item(5, "個人情報データベース等の性質を踏まえたその他の措置", "Measures for differences between records"),
)
#: Classes of columns that are treated on receipt, by the items that asks for (docs/anonymisation.md).
_RECEIPT = {
    1: ("direct", "provider_name", "free", "birth", "zip"),
    2: ("direct", "link", "insurer"),
    3: ("direct", "link", "technical"),
}


def sections(
    made: Facts, verdict: Facts | None, profile: Profile | None, datasets: Sequence[str], known: Catalogue
) -> list[dict[str, Any]]:
    """The five sections; `verdict` is the gate's summary, None before the gate, `profile` None where none was kept."""
    return [
        {
            "item": item.number, "ja": item.ja, "en": item.en,
            "on_receipt": _on_receipt(item.number, datasets, known),
            "rules": [_rule(one) for one in made["rules"] if item.number in served(one["law"])],
            "tests": [*_tests(item.number, made, profile), *_gate(item.number, verdict)],
        }
        for item in ITEMS
    ]  # fmt: skip


def served(law: str) -> frozenset[int]:
    """Items that a reference such as 施行規則第34条第4号・第5号 names."""
    _, _, after = law.partition("34条")
    return frozenset(int(number) for number in re.findall(r"第?([1-5])号", after))


def _on_receipt(item: int, datasets: Sequence[str], known: Catalogue) -> list[dict[str, object]]:
    """Class, rule and columns of the release's datasets that were treated before anything was stored."""
    found = []
    for cls in _RECEIPT.get(item, ()):
        columns = {
            f"{table.name}.{column.name}"
            for dataset in datasets for table in known.dataset(dataset).tables for column in table.columns
            if str(column.cls) == cls
        }  # fmt: skip
        found.append({"class": cls, **_title(FLOOR[cls]), "columns": len(columns)})
    return found


def _rule(one: Facts) -> dict[str, object]:
    return {**_title(one["rule"]), "law": one["law"], "table": one["table"], "columns": dict(one["columns"]),
            "cells": one["cells"], "rows": one["rows"]}  # fmt: skip


def _title(rule: str) -> dict[str, str]:
    known = rules().get(rule)
    return {
        "rule": rule,
        "ja": rule if known is None else known.title[0],
        "en": rule if known is None else known.title[1],
    }


def _tests(item: int, made: Facts, profile: Profile | None) -> Iterator[dict[str, object]]:
    """What making itself counted, in words; `holds` says whether it is as it must be."""
    if item == 3:
        yield _test(
            "番号は本提供内の無作為な順列で、鍵も対応表も残らない。"
            f"行と番号の順序を元データの順序と {len(made['row_order'])} 通り比べた。",
            f"Numbers: {made['numbering']}. Orders of rows and numbers compared with the source's: "
            f"{len(made['row_order'])}.", bool(made["row_order"]),
        )  # fmt: skip
    if item == 4:
        yield from _peculiar(made, profile)
    if item == 5:
        yield from _groups(made["risk"])
        yield from _trails(made)
        yield from _earlier(made)


def _peculiar(made: Facts, profile: Profile | None) -> Iterator[dict[str, object]]:
    """What every release does (age bands), and what its profile asks for besides."""
    if profile is not None:
        yield _test(
            f"年齢は {profile.age_width} 歳階級、{profile.age_top} 歳以上は一つの階級。",
            f"Ages in bands of {profile.age_width} years, everybody of {profile.age_top} or more in one.", True,
        )  # fmt: skip
    least, emptied = made["rare_codes"]["least"], sum(one["codes"] for one in made["rare_codes"]["columns"])
    if not least:
        yield _test("加工基準は希少なコードの削除を求めない。", "The profile does not ask for rare codes to go.", None)
        return
    yield _test(
        f"{least} 人未満しか持たないコード {emptied} 種を空欄にした。",
        f"{emptied} codes carried by under {least} people were emptied.", True,
    )  # fmt: skip


def _groups(risk: Facts) -> Iterator[dict[str, object]]:
    yield _test(
        f"最小のグループは {risk['smallest_group_left']} 人（要件 {risk['k']} 人以上）。",
        f"The smallest group has {risk['smallest_group_left']} people; {risk['k']} are required.",
        risk["smallest_group_left"] >= risk["k"],
    )


def _trails(made: Facts) -> Iterator[dict[str, object]]:
    for trail in made["trails"]:
        for known, found in trail["known"].items():
            high, limit = float(found["unicity"]["high"]), trail["limits"].get(known)
            share = f"{float(found['unicity']['share']):.1%}"
            allowed = ("", "") if limit is None else (f"（許容 {float(limit):.1%}）", f", {float(limit):.1%} allowed")
            yield _test(
                f"出来事 {known} 件を知る者に一意となる人の割合 {share}{allowed[0]}。",
                f"Unique to somebody who knows {known} events: {share} of people{allowed[1]}.",
                None if limit is None else high <= float(limit),
            )


def _earlier(made: Facts) -> Iterator[dict[str, object]]:
    for one in made["earlier_releases"]:
        if not one["compared"]:
            yield _test(
                f"{one['release']} とは比較できない。", f"Not compared with {one['release']}: {one['reason']}.", False
            )
            continue
        exposed = sum(one["gone"]["exposed"].values()) + sum(one["new"]["exposed"].values())
        yield _test(
            f"{one['release']} との差で {one['k']} 人未満のグループに現れる人 {exposed} 人（申出による除外者 0 人）。",
            f"Against {one['release']}: {exposed} people stand out in groups of under {one['k']}, nobody withdrawn.",
            None,
        )


def _gate(item: int, verdict: Facts | None) -> Iterator[dict[str, object]]:
    """The gate looks for identifiers, codes and known values in the bytes that leave, and at every closed domain."""
    if verdict is None or item not in (1, 2, 4):
        return
    yield _test(
        f"ゲート: 検査 {verdict['expectations']} 件、不適合 {len(verdict['failures'])} 件、"
        f"既知値の照合 {verdict['known_values']}。",
        f"Gate: {verdict['expectations']} expectations, {len(verdict['failures'])} failed, known values: "
        f"{verdict['known_values']}.",
        bool(verdict["passed"]),
    )
    for one in verdict.get("uncounted", ()):
        yield _test(f"ゲートでは数えられない要件: {one}。", f"Not counted by the gate: {one}.", None)


def _test(ja: str, en: str, holds: bool | None) -> dict[str, object]:
    return {"ja": ja, "en": en, "holds": holds}
