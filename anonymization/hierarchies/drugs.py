"""医薬品: 薬価基準収載医薬品コード (YJ code, 12 characters) → substance → 薬効分類 of four to one digits.

Its first four digits are the 薬効分類, the first seven with it name the substance and how it is given. The nine-digit
code of claims, HOT codes and receipt codes hold no class: their columns become null here, and need the master.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from anonymization.data import rows
from anonymization.hierarchies.base import CodeSystem, Level, looked_up
from anonymization.rules.support.domains import Domain, Form, Labels

_WIDTHS = {"substance": 7, "class4": 4, "class3": 3, "class2": 2, "class1": 1}


class Drugs(CodeSystem):
    """Medicines by the code of the price list."""

    id = "drug"
    ja = "医薬品（薬効分類）"
    en = "Medicines (therapeutic class)"
    source = "薬価基準収載医薬品コード 上4桁 = 日本標準商品分類87の薬効分類番号"
    own = (
        Level("substance", "成分", "substance"),
        Level("class4", "薬効分類4桁", "class, four digits"),
        Level("class3", "薬効分類3桁", "class, three digits"),
        Level("class2", "薬効分類2桁", "class, two digits"),
        Level("class1", "薬効分類1桁", "class, one digit"),
    )

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """The beginnings of the code; null where the first two digits are no class."""
        code = pl.col(column).cast(pl.String).str.extract(r"^([0-9]{4}[0-9A-Z]{3})[A-Z][0-9]{4}$")
        known = looked_up(code.str.slice(0, 2), {label: label for label in _classes()}).is_not_null()
        return tuple(pl.when(known).then(code.str.slice(0, width)) for width in _WIDTHS.values())

    def holds(self, level: str) -> Domain:
        """Two digits and one are a closed list, the rest a form."""
        if level in {"class2", "class1"}:
            return Labels(frozenset(label[: _WIDTHS[level]] for label in _classes()))
        return Form(r"[0-9]{4}[0-9A-Z]{3}" if level == "substance" else rf"[0-9]{{{_WIDTHS[level]}}}")

    def words(self, level: str) -> Mapping[str, tuple[str, str]]:
        """Names of the classes of two digits."""
        return _classes() if level == "class2" else {}


def _classes() -> dict[str, tuple[str, str]]:
    return {row["code"]: (row["ja"], row["en"]) for row in rows("drug_class")}


SYSTEMS = (Drugs(),)
