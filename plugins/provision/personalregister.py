"""個人情報の提供・受領の記録: personal data given to or taken from somebody outside a release, with its document.

Never a release: nothing is made, gated or sent here. The policy's five cases (consent; law; life, body, property;
public bodies; academic research) are registered, so that one log answers an auditor. What APPI arts. 29 and 30 ask of a
record (date, third party, items, how it was acquired; Rules arts. 19 to 21) is kept three years. Who the persons are,
and address and representative of the third party, stand in the document alone: the log holds its SHA-256 and no
personal data. For cases 2 to 5 the Act asks for no record (proviso of art. 29(1)); it is kept all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from expectations.identifiers import Strength, find_all
from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.releasing.drafting import TOKYO, today

Direction = Literal["provided", "received"]
#: Rules art. 21 item 3; art. 22 for what was received.
KEEP_YEARS = 3
_LONGEST = 300


class Case(StrEnum):
    """The five cases of the policy, with their place in the Act."""

    CONSENT = "consent"
    LAW = "law"
    LIFE = "life"
    PUBLIC_BODY = "public-body"
    RESEARCH = "research"


#: Case -> provision of the Act, ja and en.
BASIS: dict[Case, tuple[str, str]] = {
    Case.CONSENT: ("法第27条第1項（本人の同意）", "art. 27(1), consent of the person"),
    Case.LAW: ("法第27条第1項第1号（法令に基づく場合）", "art. 27(1)(i), laws and regulations"),
    Case.LIFE: ("法第27条第1項第2号（人の生命、身体又は財産の保護）", "art. 27(1)(ii), life, body or property"),
    Case.PUBLIC_BODY: ("法第27条第1項第4号（国の機関等への協力）", "art. 27(1)(iv), public bodies"),
    Case.RESEARCH: ("法第27条第1項第5号から第7号まで（学術研究）", "art. 27(1)(v) to (vii), academic research"),
}


@dataclass(frozen=True)
class Provision:
    """One provision or receipt of personal data. `on`: its day in Japan; `persons`: how many; `acquired`: 取得の経緯;
    `basis`: the statute, consent form or request it rests on; `reference`: where the document is kept."""

    direction: Direction
    case: Case
    on: date
    party: str
    items: tuple[str, ...]
    persons: int
    acquired: str
    basis: str
    reference: str


@dataclass(frozen=True)
class Registered:
    """A registered provision with its number, the document's SHA-256, who registered it and until when it is kept."""

    id: str
    provision: Provision
    document: str
    recorded: str
    actor: str
    keep_until: date
    corrected_by: str = ""


def register(ctx: Context, said: Provision, document: Path, *, actor: str, corrects: str = "") -> Registered:
    """Enter a provision with its document; the same again is the same entry. `Refused` where something is missing, lies
    in the future or names a person; `corrects` is the number of an entry this one stands for."""
    _check(said)
    digest = _digest(document)
    if corrects and corrects not in {one.id for one in listed(ctx)}:
        raise _refused("there is no such entry to correct", "corrects", "tokumei personal list shows the numbers")
    payload: dict[str, object] = {**_plain(said), "document_sha256": digest, "corrects": corrects}
    number = f"p-{hashlib.sha256(repr(sorted(payload.items())).encode()).hexdigest()[:12]}"
    entry = ctx.ledger.append(
        f"personal.{said.direction}", actor=actor, key=f"personal:{number}", subjects={"personal": number},
        payload=payload,
    )  # fmt: skip
    return _registered(entry, {})


def listed(ctx: Context) -> list[Registered]:
    """Every entry, oldest first, those that were corrected too."""
    entries = list(ctx.ledger.entries(type="personal."))
    corrected = {str(e.payload["corrects"]): e.subjects["personal"] for e in entries if e.payload["corrects"]}
    return [_registered(entry, corrected) for entry in entries]


def _registered(entry: Entry, corrected: dict[str, str]) -> Registered:
    payload, number = entry.payload, entry.subjects["personal"]
    said = {field.name: payload[field.name] for field in fields(Provision)}
    said |= {"case": Case(payload["case"]), "on": date.fromisoformat(payload["on"]), "items": tuple(payload["items"])}
    return Registered(
        number, Provision(**said), str(payload["document_sha256"]), entry.at, entry.actor,
        _kept_until(entry.when), corrected.get(number, ""),
    )  # fmt: skip


def _kept_until(recorded: datetime) -> date:
    """Three years from the day the record was made, in Japan."""
    day = recorded.astimezone(TOKYO).date()
    last = (day.month, day.day) == (2, 29)
    return date(day.year + KEEP_YEARS, 3, 1) if last else day.replace(year=day.year + KEEP_YEARS)


def _plain(said: Provision) -> dict[str, object]:
    return {**asdict(said), "case": str(said.case), "on": said.on.isoformat(), "items": list(said.items)}


def _check(said: Provision) -> None:
    """What the Act asks for is there, and nothing of it says who a person is."""
    if said.on > today():
        raise _refused("the day is not over yet", "on", "register it when it was done")
    if said.persons < 1:
        raise _refused("nobody's data were provided", "persons", "say of how many people")
    if not said.items:
        raise _refused("no item is named", "items", "name the items, such as 氏名, 検査結果")
    for key, text in _texts(said):
        if not text.strip() or len(text) > _LONGEST or not text.isprintable():
            raise _refused("is empty, too long or has a line break", key, f"write up to {_LONGEST} letters")
        if any(strength >= Strength.LIKELY for strength in find_all(text, "").values()):
            raise _refused(
                "seems to say who a person is", key, "leave it to the document: the log holds no personal data"
            )


def _texts(said: Provision) -> list[tuple[str, str]]:
    single = {"party": said.party, "acquired": said.acquired, "basis": said.basis, "reference": said.reference}
    return [*single.items(), *(("items", item) for item in said.items)]


def _digest(document: Path) -> str:
    try:
        with document.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if not file.tell():
                raise _refused("the document is empty", "document", "name the document itself")
    except OSError:
        raise _refused("the document cannot be read", "document", "name a file that is there") from None
    return found


def _refused(what: str, key: str, remedy: str) -> Refused:
    return Refused(what, where=key, rule=f"personal.{key}", remedy=remedy)
