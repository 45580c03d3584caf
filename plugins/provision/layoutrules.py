"""What a layout may say of a column: which domain a class has, which class a role, and which forms are closed.

The nouns of `layouts` ask these; every mistake carries its remedy, for `tokumei config check`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import LiteralString

from pydantic_core import PydanticCustomError

#: Classes that are never stored (`formats.tables.DROPPED`, which needs more than configuration may load).
DROPPED = frozenset({"direct", "link", "free", "technical", "reserved", "provider_name"})
#: The only domain of a class, both ways: what is cut on receipt, and what nothing else may hold.
_CUT = {"birth": "month", "zip": "zip3", "insurer": "insurer"}
#: Role -> classes that a column of it may have.
OF_ROLE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("name", "kana", "phone", "address"), frozenset({"direct"})),
    **dict.fromkeys(("symbol", "number", "branch", "care_number"), frozenset({"link"})),
    **dict.fromkeys(("insurer", "care_insurer"), frozenset({"insurer"})),
    "chart": frozenset({"direct", "link", "technical"}),
    "birth": frozenset({"birth"}),
    "sex": frozenset({"quasi"}),
    "facility": frozenset({"provider", "direct", "technical"}),
    "claim": frozenset({"technical"}),
}
#: Columns of a release that mean the same in every dataset: who takes one of these names means it, too.
_MEANT = {"sex": "code:sex", "prefecture": "code:prefecture", "facility_prefecture": "code:prefecture",
          "service_month": "month"}  # fmt: skip
#: Names of our own columns.
NEVER = frozenset({"claim_no", "alias", "claim_token", "claim_place", "emptied", "batch", "source", "dataset", "person",
                    "person_number", "claim_number", "age_band"})  # fmt: skip
#: What no closed form may admit: fictitious names, an address, telephone numbers, an e-mail address, a My Number.
_PROBES = ("架空太郎", "架空 太郎", "カクウタロウ", "カクウ タロウ", "ｶｸｳ ﾀﾛｳ", "かくうたろう", "KAKUUTARO",
           "Kakuu Taro", "kakuutaro", "東京都架空区一丁目2-3", "03-0000-0001", "09000000001",
           "taro@kakuu.example", "123456789012", "")  # fmt: skip


def wrong(what: LiteralString, remedy: str, at: Sequence[int | str] = ()) -> PydanticCustomError:
    """A mistake with its remedy; `at` is the place below the noun that is looked at."""
    return PydanticCustomError("layout", what, {"remedy": remedy, "at": list(at)})


def check_domain(domain: str, cls: str, dtype: str, name: str) -> None:
    """Raise what is `wrong` with the domain of a column of this class, dtype and name."""
    from provision.formats.domainwords import known_domain

    word, _, rest = domain.partition(":")
    if cls in DROPPED:
        if domain not in {"none", "free"} or dtype != "string":
            raise wrong(f"a column of class {cls} is never kept", "write domain none, dtype string; or another class")
    elif domain in {"none", "free"}:
        raise wrong(f"a column of class {cls} is kept and needs a domain", "code:, range:, form:, date, month, zip3 …")
    elif not known_domain(domain):
        raise wrong("unknown domain word", "code:<list>, range:<low>..<high>/<step>, form:<pattern>, date, month")
    elif _CUT.get(cls, domain) != domain or (cls not in _CUT and domain in {"zip3", "insurer"}):
        raise wrong("class and domain do not fit", "birth has month, zip has zip3, insurer has insurer")
    elif (word == "range") != (dtype != "string"):
        raise wrong("dtype and domain do not fit", "numbers have a range, texts code, form, date or month")
    elif word == "form" and re.search(r"\(\?(?!:)|\\[1-9]", rest):
        raise wrong("the form looks around or back", "write it with plain groups only: (?:...)")
    elif word == "form" and any(re.fullmatch(rest, probe) for probe in _PROBES):
        raise wrong(
            "the form would admit names, addresses or telephone numbers", "write a closer pattern, or class free"
        )
    elif _MEANT.get(name, domain) != domain:
        raise wrong(f"a column called {name} has the domain {_MEANT[name]}", "use this domain, or another name")
    elif domain == "code:sex" and name != "sex":
        raise wrong("the column that says the sex is called sex", "call it sex, so that it is counted as such")
