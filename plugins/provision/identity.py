"""Who is on a record: normalised identifiers -> keyed tokens of the four identity domains, and evidence against them.

Nothing leaves this module but HMAC-SHA-256 values cut to 128 bits. Normal form (formats.md §2.5 of the field facts):
NFKC, no spaces or hyphens of any kind (the kana length mark ー is a character of a symbol and stays), nothing that is
not seen (variation selectors of 異体字, joiners, byte order marks), branch padded to 2. Characters that differ are made
equal by NFKC or by a table here and by nothing else: half-width kana meet their voicing marks; 髙 stays 髙 except in
names, where hospitals must write 高.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from provision.formats.base import THE_SOURCE

#: 連結領域: tokens that can join records. `name_birth` is weak, see `vault`.
STRONG = ("health_branch", "health_birth", "care", "facility_chart")
TOKENS = (*STRONG, "name_birth")
#: Evidence: two records with one token but different evidence are two people.
EVIDENCE = ("e_birth", "e_sex", "e_kana", "e_written")

#: Spaces, hyphens, dots and commas; U+FE00-FE0F and U+E0100-E01EF (variation selectors), U+180B-180F (Mongolian ones),
#: zero-width and direction marks, soft hyphen, byte order mark.
_GAPS = re.compile(
    r"[\s\-‐‑‒–—―−－・･,，.\u00ad\u034f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
_ONLY_KANA = re.compile(r"[ァ-ヿｦ-ﾟA-Z]*")
#: 異体字: spellings of one name; UKE cannot write the left ones (JIS X 0208), so hospitals send the right ones.
_VARIANTS = str.maketrans(
    "髙﨑邉邊齋齊齎斉濱澤廣國櫻惠眞龍德瀨嶋嶌檜冨冝曾圓", "高崎辺辺斎斎斎斎浜沢広国桜恵真竜徳瀬島島桧富宜曽円"
)
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")


def normal(text: str | None) -> str:
    """One spelling for what people write in many ways: widths, spaces, hyphens, case, marks beside kana."""
    if not text or (text.isascii() and text.isalnum()):
        return (text or "").upper()
    before, folded = "", text
    while folded != before:  # without a gap a mark joins its kana (カ゛ is カ, space, mark in NFKC)
        before, folded = folded, _GAPS.sub("", unicodedata.normalize("NFKC", folded)).upper()
    return folded


def normal_kana(text: str | None) -> str:
    """A name in kana without spaces, in katakana, small kana written large (senders differ in that)."""
    folded = normal(text)
    katakana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in folded)
    return katakana.translate(_SMALL_KANA)


def normal_written(text: str | None) -> str:
    """A written name without spaces, variants of one character made equal; "" where it is kana or letters only."""
    folded = normal(text)
    return "" if _ONLY_KANA.fullmatch(normal_kana(text)) else folded.translate(_VARIANTS)


def normal_branch(text: str | None) -> str:
    """枝番 padded to two digits."""
    folded = normal(text)
    return folded.zfill(2) if folded else ""


_AS_WRITTEN = ("birth", "sex", "insurer", "symbol", "number", "care_insurer", "care_number", "facility", "chart")


@dataclass(frozen=True)
class Person:
    """The normalised identifiers of one record; "" where the source has none."""

    written: str
    kana: str
    birth: str
    sex: str
    insurer: str
    symbol: str
    number: str
    branch: str
    care_insurer: str
    care_number: str
    facility: str
    chart: str

    @classmethod
    def of(cls, row: Mapping[str, str | None]) -> Person:
        """From one row of `Parcel.people`."""
        return cls(
            written=normal_written(row["name"]),
            kana=normal_kana(row["kana"]),
            branch=normal_branch(row["branch"]),
            **{name: normal(row[name]) for name in _AS_WRITTEN},
        )

    def tokens(self, source: str) -> dict[str, tuple[str, ...]]:
        """Parts of every token this record carries. Health insurance: with the branch, else with birth and sex."""
        found: dict[str, tuple[str, ...]] = {}
        if self.insurer and self.number:
            card = (self.insurer, self.symbol, self.number)
            if self.branch:
                found["health_branch"] = (*card, self.branch)
            if self.birth and self.sex:
                found["health_birth"] = (*card, self.birth, self.sex)
        if self.care_insurer and self.care_number:
            found["care"] = (self.care_insurer, self.care_number)
        if self.facility and self.chart:
            facility = f"{THE_SOURCE}{source}" if self.facility == THE_SOURCE else self.facility
            found["facility_chart"] = (facility, self.chart)
        if self.kana and self.birth and self.sex:
            found["name_birth"] = (source, self.kana, self.birth, self.sex)
        return found

    def evidence(self) -> dict[str, tuple[str, ...]]:
        """Parts of the evidence this record carries."""
        facts = {"e_birth": self.birth, "e_sex": self.sex, "e_kana": self.kana, "e_written": self.written}
        return {name: (value,) for name, value in facts.items() if value}


def keyed(key: bytes, domain: str, parts: tuple[str, ...]) -> bytes:
    """128 bits of HMAC-SHA-256 over domain and parts, separated by a character that cannot occur in them."""
    return hmac.digest(key, "\x1f".join((domain, *parts)).encode(), "sha256")[:16]


def identities(people: pl.DataFrame, key: bytes, source: str) -> pl.DataFrame:
    """`claim_no`, the tokens, the evidence (Binary or null) and `identity`, a digest of all of them, per person record.

    Records without any token get an identity of null: nothing is known that could join them to anybody.
    """
    columns = [c for c in people.columns if c not in {"claim_no", "phone", "address"}]
    distinct = people.select(columns).unique(maintain_order=True)
    rows = [_one(row, key, source) for row in distinct.iter_rows(named=True)]
    schema = dict.fromkeys((*TOKENS, *EVIDENCE, "identity"), pl.Binary)
    made = pl.concat((distinct, pl.DataFrame(rows, schema=schema)), how="horizontal")
    joined = people.select("claim_no", *columns).join(
        made, on=columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.select("claim_no", *TOKENS, *EVIDENCE, "identity")


def _one(row: Mapping[str, str | None], key: bytes, source: str) -> dict[str, bytes | None]:
    person = Person.of(row)
    tokens = {name: keyed(key, name, parts) for name, parts in person.tokens(source).items()}
    facts = {name: keyed(key, name, parts) for name, parts in person.evidence().items()}
    made: dict[str, bytes | None] = dict.fromkeys((*TOKENS, *EVIDENCE, "identity"))
    made |= {**tokens, **facts}
    if tokens:
        everything = b"".join((made[name] or b"\0" * 16) for name in (*TOKENS, *EVIDENCE))
        made["identity"] = hmac.digest(key, everything, "sha256")[:16]
    return made


def shared_cards(people: pl.DataFrame) -> int:
    """Cards (insurer, symbol, number) that stand on records of people with different birth dates or sexes."""
    return shared_marks(card_marks(people))


def card_marks(people: pl.DataFrame) -> pl.DataFrame:
    """Each card with each person on it, once, as 64-bit marks (`card`, `who`), small enough to keep for a file."""
    named = people.filter(pl.col("number").fill_null("") != "")
    card = pl.struct(pl.col("insurer", "symbol", "number").fill_null("")).hash(0)
    who = pl.struct(pl.col("birth", "sex").fill_null("?")).hash(0)
    return named.select(card=card, who=who).unique()


def shared_marks(marks: pl.DataFrame) -> int:
    """How many cards of `card_marks` have more than one person on them."""
    return marks.group_by("card").agg(pl.col("who").n_unique()).filter(pl.col("who") > 1).height
