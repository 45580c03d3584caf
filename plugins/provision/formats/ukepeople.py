"""Who is in a chunk of UKE claims: names and births from RE, the card from HO or SN, the branch from SN, the chart.

Columns are found by their role in the field table (記録条件仕様: name, kana, birth, sex and chart in RE; insurer,
symbol and number in HO; confirmed_insurer, confirmed_symbol, confirmed_number and branch in SN; facility in the
header). A kana name of digits only is none: some editions have codes where later ones have the name.
"""

from __future__ import annotations

import polars as pl

from provision.formats.ukekind import UkeKind

_CARD = ("insurer", "symbol", "number")
_NOBODY = pl.DataFrame(
    schema={
        "claim_no": pl.Int64,
        **dict.fromkeys(
            ("name", "kana", "birth", "sex", *_CARD, "branch", "care_insurer", "care_number", "facility", "chart",
             "phone", "address"),
            pl.String,
        ),
    }
)  # fmt: skip
_HEAD = ("name", "kana", "birth", "sex", "chart")
_NOT_HERE = ("care_insurer", "care_number", "phone", "address")


def people(frames: dict[str, pl.DataFrame], kind: UkeKind) -> pl.DataFrame:
    """One row per claim, columns as `PEOPLE_COLUMNS`; no rows where the chunk has no claims."""
    claims = frames.get("claim")
    if claims is None:
        return _NOBODY
    facility = pl.col("facility_prefecture") + pl.col("point_table") + pl.col(kind.named(kind.header, "facility"))
    found = claims.select(
        "claim_no",
        *[_named(kind, role) for role in _HEAD],
        *[pl.lit(None, pl.String).alias(name) for name in _NOT_HERE],
        facility=facility,
    ).with_columns(kana=pl.when(~pl.col("kana").str.contains("^[0-9]+$")).then(pl.col("kana")))
    return found.join(_cards(frames, kind), on="claim_no", how="left", maintain_order="left").select(_NOBODY.columns)


def _named(kind: UkeKind, role: str) -> pl.Expr:
    """The column of RE with this role, nothing where the edition has none (2014 has no kana)."""
    try:
        return pl.col(kind.named("RE", role)).alias(role)
    except KeyError:
        return pl.lit(None, pl.String).alias(role)


def _cards(frames: dict[str, pl.DataFrame], kind: UkeKind) -> pl.DataFrame:
    """The card of each claim's first HO; the confirmed one of SN where there is one, and the branch of SN."""
    card = _NOBODY.select("claim_no", *_CARD)
    if "insurance" in frames:
        names = [pl.col(kind.named("HO", role)).alias(role) for role in _CARD]
        card = frames["insurance"].unique("claim_no", keep="first").select("claim_no", *names)
    if "eligibility" not in frames:
        return card.with_columns(branch=pl.lit(None, pl.String))
    roles = ("branch", *(f"confirmed_{name}" for name in _CARD))
    check = frames["eligibility"].filter(pl.col("payer_kind") == "1").unique("claim_no", keep="last")
    check = check.select("claim_no", *[pl.col(kind.named("SN", role)).alias(role) for role in roles])
    # insurers receive the confirmed card of the day in SN; hospitals leave it empty
    confirmed = pl.col("confirmed_number").fill_null("") != ""
    chosen = [
        pl.when(confirmed).then(pl.col(f"confirmed_{name}")).otherwise(pl.col(name)).alias(name) for name in _CARD
    ]
    return card.join(check, on="claim_no", how="full", coalesce=True).select("claim_no", *chosen, "branch")
