"""Whether a record is a person's: by their numbers unless it says otherwise, by name only where it has no number."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from provision.formats.base import PEOPLE_COLUMNS
from provision.identity import identities
from provision.persons.asked import FIELDS, checked
from provision.persons.marks import marks

KEY, SOURCE = b"k" * 32, "s"
ME = {
    "name": "架空　花子", "kana": "カクウハナコ", "birth": "19530203", "sex": "2",
    "insurer": "06132013", "symbol": "12", "number": "456", "facility": "1311234567", "chart": "K1",
    "care_insurer": "131016", "care_number": "0000000001",
}  # fmt: skip
NOTHING = dict.fromkeys(PEOPLE_COLUMNS[1:], "")


def judged(record: dict[str, str], **said: Any) -> str:
    """``mine``, ``near`` or "" for a record, asked by `ME` with `said` instead."""
    asked = checked([{**dict.fromkeys(FIELDS, ""), **ME, **said}])
    people = pl.DataFrame([{"claim_no": 0, **NOTHING, **record}], schema_overrides={"claim_no": pl.Int64})
    mark = marks(asked, KEY, [SOURCE], {})
    found = identities(people, KEY, SOURCE).select(mine=mark.mine(), near=mark.near()).row(0)
    return "mine" if found[0] else "near" if found[1] else ""


BODY = {"birth": ME["birth"], "sex": ME["sex"]}
CARD = {name: ME[name] for name in ("insurer", "symbol", "number")}
KANA = {"kana": ME["kana"]}


@pytest.mark.parametrize(
    ("record", "said", "found"),
    [
        (ME, {}, "mine"),
        ({**BODY, **CARD}, {}, "mine"),
        ({**BODY, **CARD, "kana": "カクウジロウ"}, {}, ""),  # a twin of one sex on the card
        ({**BODY, **CARD, "kana": "ヤマダハナコ", "name": ME["name"]}, {}, "mine"),  # read otherwise, written the same
        ({**BODY, **CARD, "name": "架空　次子"}, {}, ""),
        ({**BODY, **CARD, "kana": "カクウジロウ"}, {"kana": "", "name": ""}, "mine"),  # nobody said a name
        ({**BODY, **CARD, "branch": "01", "kana": "キュウセイハナコ"}, {"branch": "1"}, "mine"),  # own number, old name
        ({"facility": ME["facility"], "chart": ME["chart"]}, {}, "mine"),
        ({"facility": ME["facility"], "chart": ME["chart"], "birth": "19530204"}, {}, "near"),
        ({"facility": ME["facility"], "chart": ME["chart"], "sex": "1"}, {}, "near"),
        ({"care_insurer": "131016", "care_number": "0000000001", **BODY}, {}, "mine"),
        ({**BODY, **KANA}, {}, "mine"),  # no number at all
        ({**BODY, **KANA, "name": "架空　華子"}, {}, "near"),
        ({**BODY, **KANA, "facility": "1311234567", "chart": "K2"}, {}, "near"),
        ({**BODY, "facility": "1311234567", "chart": "K2"}, {}, ""),
        ({**CARD, **KANA}, {}, ""),  # a card without birth and sex is a family's
    ],
)
def test_whose_a_record_is(record: dict[str, str], said: dict[str, str], found: str) -> None:
    assert judged(record, **said) == found


def test_tokens_known_from_elsewhere_count() -> None:
    """The chart that was seen beside their card."""
    other = pl.DataFrame(
        [{"claim_no": 0, **NOTHING, "facility": "1311234567", "chart": "K2"}], schema_overrides={"claim_no": pl.Int64}
    )
    record = identities(other, KEY, SOURCE)
    asked = checked([{**dict.fromkeys(FIELDS, ""), **ME}])
    token = record["facility_chart"].item()
    assert [
        record.select(marks(asked, KEY, [SOURCE], more).mine()).item() for more in ({}, {"facility_chart": [token]})
    ] == [False, True]
