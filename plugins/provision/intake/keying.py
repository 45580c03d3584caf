"""The keys of a claim in the store: the vault's alias of its person, the claim token and the claim place.

* `claim_token`: keyed, from the claim's own number (検索番号, レセプト管理番号; columns with role ``claim``). The same
  for a claim and whatever replaces it. A first submission has none.
* `claim_place`: keyed, from what makes two claims the same bill: facility, month of service, kind of claim and the
  numbers of its person. A claim lost its place where something essential is missing.

Both are made under the claim key of the linkage scope and the dataset of the claims, so that a withdrawal (返戻,
取下げ), which lies in a dataset of its own, finds the claim it takes back. The numbers never enter the store.
Who replaces whom is decided in `releasing/claims.py`, within one source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from provision.context import Context
from provision.formats.base import Dataset, Parcel
from provision.identity import identities, keyed, normal
from provision.model import Source


@dataclass(frozen=True)
class Place:
    """What two claims of one bill have in common: columns of the head that must be filled, and others that tell claims
    apart where they are; then the numbers of the person (columns of `PEOPLE_COLUMNS`): the first of `person` that is
    filled completely. Card and chart are both part of it where both are there. `cancelled` names the rows that take a
    place back without saying anything new (取消)."""

    needed: tuple[str, ...]
    more: tuple[str, ...] = ()
    person: tuple[tuple[str, ...], ...] = ()
    also: tuple[str, ...] = ()
    cancelled: tuple[str, str] | None = None  # column and code of a row that only ends what stood at its place


_CARD = ("insurer", "symbol", "number")
#: A chart number names the patient of a facility; a card is the family's, birth and sex tell its people apart.
_PATIENT = (("chart",), ("insurer", "number", "birth", "sex"))
_BILL = ("facility_prefecture", "facility_code", "service_month", "claim_type")
_UKE = Place(_BILL, ("point_table",), _PATIENT, _CARD)
_DPC = Place(_BILL, ("point_table", "total_class", "detail_no"), _PATIENT, _CARD)
_PRESCRIBER = ("prescriber_prefecture", "prescriber_point_table", "prescriber_code")
_DISPENSING = Place(_BILL, ("point_table", *_PRESCRIBER), _PATIENT, _CARD)
_MESSAGE = Place(("facility", "transaction"), (), (("facility", "chart"),), cancelled=("action", "C"))
#: A checkup is that of one person, facility and day for one report (報告区分: a stage of guidance has its own).
_CHECKUP = Place(("report_class", "checkup_date", "facility"), (), _PATIENT[1:], _CARD)
#: レセプトの同一性, by dataset of the claims. UKE bills are one per facility, month, kind (レセプト種別) and
#: patient's card (請求省令; 記録条件仕様 IR, RE, HO); of DPC one per summary or detail (総括区分, 明細番号), of
#: dispensing one per prescriber. Nursing care: one per form (様式), provider, month and insured person (明細書;
#: 居宅サービス計画費). Benefit plans (給付管理票): one per care plan provider, month, kind and insured person; a
#: correction (作成区分 2) replaces the plan, a cancellation (3) ends it.
#: DPC survey: 様式1 and 4 describe a stay once. The EF, E, F, D and H files describe a stay month by month without
#: saying which, so they have no place: months of theirs are replaced by superseding batches only.
#: LIFE: a record of the same form, facility, service and number in the facility's system (with its detail number) is
#: the same record, which versions complete (`releasing/completing.py`); the number may be unique per insured person
#: only (外部インターフェース項目一覧, 外部システム管理番号).
#: HL7 messages: a patient's transaction (`formats/hl7kinds.py`) at a facility; a cancellation ends it. Without a
#: facility there is no place, since chart numbers of two would be one.
#: Checkups and guidance that are sent again replace what was sent; payments do by the number of their voucher.
#: Insurers have the claims of all in datasets of their own.
PLACES: Mapping[str, Place] = {
    **dict.fromkeys(("medical-claims", "medical-claims-insurer", "dental-claims", "dental-claims-insurer"), _UKE),
    **dict.fromkeys(("dpc-claims", "dpc-claims-insurer"), _DPC),
    **dict.fromkeys(("dispensing-claims", "dispensing-claims-insurer"), _DISPENSING),
    "care-claims": Place(("form", "facility", "service_month"), (), (("care_insurer", "care_number"),)),
    "care-support": Place(("form", "facility", "service_month"), (), (("care_insurer", "care_number"),)),
    "care-plans": Place(
        ("facility", "service_month", "plan_kind"),
        (),
        (("care_insurer", "care_number"),),
        cancelled=("change_kind", "3"),
    ),
    "life": Place(
        ("form", "facility", "service_code", "external_number"),
        ("external_detail_number",),
        (("care_insurer", "care_number"),),
    ),
    "dpc-form1": Place(
        ("facility", "data_id", "admitted", "discharged"), ("count_no", "summary_no"), (("facility", "chart"),)
    ),
    "checkups": _CHECKUP,
    "health-guidance": _CHECKUP,
    "checkups-orca": Place(("facility", "checkup_date"), ("reception",), _PATIENT[:1]),
    "checkups-c2xd": Place(("checkup_date",), (), _PATIENT[1:], _CARD),
    "checkup-claims": Place(("facility", "coupon"), (), _PATIENT[1:], _CARD),
    "guidance-claims": Place(("facility", "coupon", "guidance_timing"), (), _PATIENT[1:], _CARD),
    "dpc-form4": Place(("facility", "data_id", "admitted", "discharged"), (), (("facility", "chart"),)),
    **dict.fromkeys(("ssmix2", "hl7v2"), _MESSAGE),
}


def scope(source: Source) -> str:
    """連結の範囲: the linkage group where a document allows linking, else the source alone."""
    return f"group-{source.linkage.group}" if source.linkage else f"source-{source.id}"


def with_keys(ctx: Context, source: Source, dataset: Dataset, parcel: Parcel, head: pl.DataFrame) -> pl.DataFrame:
    """Add the vault's alias, and the keyed claim token and claim place where the format has what they are made of."""
    if source.legal_status != "anonymised_received":
        found = identities(parcel.people, ctx.keys.symmetric(f"link-{scope(source)}"), source.id)
        head = head.join(ctx.vault.aliases(scope(source), found), on="claim_no", how="left", maintain_order="left")
    key = ctx.keys.symmetric(f"claim-{scope(source)}")
    for name, made in (
        ("claim_token", claim_tokens(key, dataset, parcel)),
        ("claim_place", places(key, dataset, parcel)),
    ):
        if made is not None:
            head = head.join(made.rename({"key": name}), on="claim_no", how="left", maintain_order="left")
    return head


def claim_tokens(key: bytes, dataset: Dataset, parcel: Parcel) -> pl.DataFrame | None:
    """`claim_no` and ``key``, null for claims without a number of their own; None where the format has none."""
    raw = parcel.tables[dataset.head]
    named = [c.name for c in dataset.table(dataset.head).columns if c.role == "claim" and c.name in raw.columns]
    if not named:
        return None
    domain = dataset.withdraws or dataset.id
    tokens = [keyed(key, domain, (text,)).hex() if (text := normal(value)) else None for value in raw[named[0]]]
    return raw.select("claim_no", key=pl.Series(tokens, dtype=pl.String))


def places(key: bytes, dataset: Dataset, parcel: Parcel) -> pl.DataFrame | None:
    """`claim_no` and ``key``, null for claims whose place is not complete; None where the format has no places."""
    domain = dataset.withdraws or dataset.id
    place, raw = PLACES.get(domain), parcel.tables[dataset.head]
    if place is None or not set(place.needed) <= set(raw.columns):
        return None
    who = sorted({*place.also, *(name for names in place.person for name in names)})
    more = [name for name in place.more if name in raw.columns]
    people = parcel.people.unique("claim_no", keep="none").select(
        "claim_no", *[pl.col(n).alias(f"who_{n}") for n in who]
    )
    rows = raw.select("claim_no", *place.needed, *more).join(people, on="claim_no", how="left", maintain_order="left")
    spelled = {name: [normal(v) for v in rows[name].cast(pl.String)] for name in rows.columns if name != "claim_no"}
    keys = [
        _key(key, domain, place, dict(zip(spelled, row, strict=True))) for row in zip(*spelled.values(), strict=True)
    ]
    return rows.select("claim_no", key=pl.Series(keys, dtype=pl.String))


def _key(key: bytes, domain: str, place: Place, said: Mapping[str, str]) -> str | None:
    whole = (names for names in place.person if all(said[f"who_{name}"] for name in names))
    person = next(whole, None)
    if person is None or not all(said[name] for name in place.needed):
        return None
    parts = [said[name] for name in place.needed] + [said.get(name, "") for name in place.more]
    parts += ["-".join(person), *[said[f"who_{name}"] for name in person], *[said[f"who_{n}"] for n in place.also]]
    return keyed(key, f"{domain}/place", tuple(parts)).hex()
