"""A year of one hospital's claims and of what is sent back to it: late, returned, billed again, withdrawn, replaced."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from provision.context import Context
from provision.intake import receive, take_in
from provision.intake.keying import scope
from provision.model import Source
from tests.support.intake import ACTOR, drop, hospital, linkage, platform
from tests.support.uke import Claim, encoded, file

HOSPITAL, RETURNS = "test-hospital", "test-returns"
PLAN_SOURCES = ("kita-hospital", "minato-city")
_counter = itertools.count()


def sources(claims: str = HOSPITAL, returns: str = RETURNS) -> tuple[Source, Source]:
    """The hospital, and who sends its claims back; one linkage scope."""
    return (
        hospital(id=claims, linkage=linkage()),
        hospital(id=returns, format="uke-medical-returns", linkage=linkage(), kind="review_agency"),
    )


def releasing_platform(home: Path, **changes: object) -> Context:
    """A platform whose plan ``claims-for-university`` selects these sources' claims; `changes` are its own values.

    The two sources go by the names that the shipped plan knows.
    """
    ctx = platform(home, *sources(*PLAN_SOURCES))
    plan = ctx.plan("claims-for-university")
    said = {"k": 3, "suppression_limit": 0.2, "tables": plan.tables[:1], "cutoff_month": MONTHS[-1], **changes}
    return replace(ctx, plans={plan.id: plan.model_copy(update=said)})


@dataclass(frozen=True)
class Sent:
    """One batch as it is sent: claims, or claims that are sent back."""

    source: str
    period: str
    sequence: int
    claims: tuple[Claim, ...]
    supersedes: int | None = None

    @property
    def file(self) -> bytes:
        """Its one file: a claims file, or a return file (返戻) with the claims as they were billed."""
        if self.source not in (RETURNS, PLAN_SOURCES[1]):
            return file(*self.claims)
        month = self.period.replace("-", "")
        claims = [
            [*claim.records(n), f"HR,{month},1,,S1012,,,1,{month},,,,,"] for n, claim in enumerate(self.claims, 1)
        ]
        total = f"HG,{len(claims)},{sum(claim.points for claim in self.claims)},99"
        return encoded([f"HI,1,{month},13,1,1234567,,00", *[line for claim in claims for line in claim], total])

    @property
    def card(self) -> str:
        """Its ``batch.yaml``."""
        return f'period: "{self.period}"\nsequence: {self.sequence}\nsupersedes: {self.supersedes or "null"}\n'


def send(ctx: Context, sent: Sent) -> str:
    """Receive and take in one batch."""
    drop(ctx, sent.source, {"a.UKE": sent.file}, f"drop-{next(_counter)}", card=sent.card)
    (batch,) = receive(ctx, sent.source, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    return batch


def send_all(ctx: Context, year: Iterable[Sent]) -> dict[str, str]:
    """Everything in this order; gives ``<period>-<sequence>`` of every batch."""
    return {send(ctx, sent): f"{sent.period}-{sent.sequence}" for sent in year}


def bill(who: str, month: str, points: int = 100, search: str = "") -> Claim:
    """The claim of one patient and month; `who` is one capital letter."""
    number = ord(who) - ord("A") + 1
    kana, given = "アイウエオカキクケコ"[number % 10] * 2, "一二三四五六七八九十"[number % 10]
    return Claim(
        name=f"架空　{given}子", kana=kana, birth=f"1953{number:02d}03", chart=f"K{number:03d}",
        number=f"{number:04d}", month=month.replace("-", ""), points=points, search=search,
    )  # fmt: skip


def _year() -> tuple[Sent, ...]:
    """Twelve months of five patients. Each line besides says what happens to one of their claims."""
    sent = [
        Sent(HOSPITAL, month, 1, tuple(bill(who, month, 100 + n) for who in "ABCDE"))
        for n, month in enumerate(MONTHS, 1)
    ]
    late, again, corrected = bill("F", "2025-04", 50), bill("A", "2025-04", 60, "S1"), bill("C", "2025-06", 70)
    sent[4] = replace(sent[4], claims=(*sent[4].claims, late))  # 月遅れ
    sent[5] = replace(sent[5], claims=(*sent[5].claims, again))  # 再請求 of what was returned in June
    sent[7] = replace(sent[7], claims=(*sent[7].claims, bill("A", "2025-04", 61, "S1"), corrected))
    sent[8] = replace(
        sent[8], claims=(*sent[8].claims, bill("E", "2025-05", 80), bill("E", "2025-05", 81))
    )  # ambiguous
    july = sent[3]
    return (
        *sent,
        replace(july, sequence=2, supersedes=1, claims=july.claims[:4]),
        replace(july, sequence=3, supersedes=2, claims=(*july.claims[:3], bill("D", "2025-07", 90))),
        Sent(
            RETURNS, "2025-06", 1, (bill("A", "2025-04", 101, "S1"),)
        ),  # by place: it had no number when it was billed
        Sent(RETURNS, "2025-10", 1, (bill("B", "2025-05", 102), bill("G", "2025-05", 1), bill("E", "2025-12", 2))),
        Sent(RETURNS, "2026-01", 1, (bill("A", "2025-04", 61, "S1"), bill("E", "2025-05", 81))),
        Sent(HOSPITAL, "2026-03", 2, (bill("A", "2025-04", 62, "S1"),)),
    )


MONTHS = [f"2025-{m:02d}" for m in range(4, 13)] + [f"2026-{m:02d}" for m in range(1, 4)]
YEAR = _year()


def withdraw_everybody(ctx: Context, source: str) -> None:
    """Everybody with a claim of a source asks not to be in releases."""
    heads = [pl.read_parquet(path) for path in ctx.zones.store().glob(f"*/{source}/*/claim/*.parquet")]
    aliases = pl.concat(heads, how="diagonal_relaxed")["alias"].drop_nulls().unique().to_list()
    entry = ctx.ledger.append("test.withdrawn", actor=ACTOR, key="everybody", subjects={"source": source}, payload={})
    ctx.vault.withdraw(scope(ctx.source(source)), aliases, "veto", entry.seq)
