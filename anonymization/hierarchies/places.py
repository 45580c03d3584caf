"""地域: ZIP district, municipality, insurer or facility → prefecture → region, by census figures and own digits.

A district that lies in two prefectures goes to the one most of its people live in. Of an insurer's number the
prefecture is digits 1-2 of six, 3-4 of eight; of a facility's ten digits the first two. Seven digits name no place.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import polars as pl

from anonymization.data import rows
from anonymization.hierarchies.base import CodeSystem, Level, looked_up
from anonymization.rules.support.domains import Domain, Labels

_PREFECTURE, _REGION = Level("prefecture", "都道府県", "prefecture"), Level("region", "地方", "region")


class _Places(CodeSystem):
    """Shared: everything goes by its prefecture."""

    own: ClassVar[tuple[Level, ...]] = (_PREFECTURE, _REGION)

    def prefecture(self, column: str) -> pl.Expr:
        """Code of the prefecture, or anything else where there is none."""
        return pl.col(column).cast(pl.String)

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """Prefecture and region."""
        code = self.prefecture(column)
        made = looked_up(code, {code: code for code in regions()}), looked_up(code, regions())
        return made[-len(self.own) :]

    def holds(self, level: str) -> Domain:
        """47 prefectures, eight regions."""
        return Labels(frozenset(regions() if level == "prefecture" else regions().values()))


class Prefectures(_Places):
    """Prefectures."""

    id = "prefecture"
    ja = "都道府県"
    en = "Prefectures"
    source = "JIS X 0401、総務省統計局の地方区分（8地方）"
    own = (_REGION,)


class Zips(_Places):
    """ZIP districts."""

    id = "zip3"
    ja = "郵便番号上3桁"
    en = "ZIP districts (three digits)"
    source = "日本郵便 郵便番号データ、令和2年国勢調査（anonymization/data/zip3_population.tsv）"

    def prefecture(self, column: str) -> pl.Expr:
        """The prefecture most of the district's people live in."""
        return looked_up(pl.col(column).cast(pl.String), districts())


class Areas(_Places):
    """Municipalities as the rule `address-area` writes them, by the name of their prefecture."""

    id = "area"
    ja = "市区郡"
    en = "Municipalities"
    source = "JIS X 0401、総務省統計局の地方区分（8地方）"

    def prefecture(self, column: str) -> pl.Expr:
        """The code of the prefecture whose name the text begins with."""
        name = pl.col(column).cast(pl.String).str.extract(f"^({'|'.join(row['ja'] for row in rows('prefecture'))})")
        return looked_up(name, {row["ja"]: row["code"] for row in rows("prefecture")})


class Insurers(_Places):
    """Insurers by their number."""

    id = "insurer"
    ja = "保険者番号"
    en = "Insurers"
    source = "保険者番号等設定要領: 法別番号2桁・都道府県番号2桁・保険者別番号3桁・検証番号1桁（国保は法別番号なし）"

    def prefecture(self, column: str) -> pl.Expr:
        """Two digits of the number, as written or in the store's form (masked numbers too)."""
        text = pl.col(column).cast(pl.String)
        of_six = text.str.extract(r"^([0-9]{2})(?:[0-9]{4}|\*{4})$")
        return pl.coalesce(of_six, text.str.extract(r"^[0-9]{2}([0-9]{2})(?:[0-9]{4}|\*{4})$"))


class Facilities(_Places):
    """Facilities by their number of ten digits."""

    id = "facility"
    ja = "医療機関コード"
    en = "Facilities"
    source = "医療機関コード10桁: 都道府県番号2桁・点数表番号1桁・医療機関番号7桁"

    def prefecture(self, column: str) -> pl.Expr:
        """The first two of ten digits."""
        return pl.col(column).cast(pl.String).str.extract(r"^([0-9]{2})[0-9]{8}$")


@cache
def regions() -> dict[str, str]:
    """Region of each prefecture."""
    return {row["code"]: row["region"] for row in rows("prefecture")}


@cache
def districts() -> dict[str, str]:
    """Prefecture of each ZIP district: where most of its people live."""
    by_size = sorted(rows("zip3_population"), key=lambda row: int(row["certain"]) + int(row["split"]))
    return {row["zip3"]: row["prefecture"] for row in by_size}


SYSTEMS = (Prefectures(), Zips(), Areas(), Insurers(), Facilities())
