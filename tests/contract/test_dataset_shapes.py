"""An incompatible change of a dataset is a new dataset: what the program stores is held to what it stored before."""

from __future__ import annotations

import pytest

from scripts.record_datasets import RECORD, incompatible, now, recorded, text

PLACE = ("medical-claims", "claim", "service_month")


def test_what_is_stored_means_what_it_meant() -> None:
    before = recorded(RECORD.read_text("utf-8"))
    assert len(before) > 500
    assert incompatible(before, now()) == [], "give the dataset another id, or the column another name"


def test_the_record_is_up_to_date() -> None:
    assert RECORD.read_text("utf-8") == text(now()), "python scripts/record_datasets.py"


def test_the_record_is_read_as_it_is_written() -> None:
    assert recorded(text(now())) == now()


@pytest.mark.parametrize("change", ["gone", "class", "domain", "added", "dataset gone"])
def test_changes(change: str) -> None:
    before, after = now(), now()
    assert PLACE in after
    said = after[PLACE]
    if change == "gone":
        del after[PLACE]
    elif change == "class":
        after[PLACE] = ("quasi" if said[0] != "quasi" else "plain", *said[1:])
    elif change == "domain":
        after[PLACE] = (*said[:2], "range:0..9", said[3])
    elif change == "added":
        after[(*PLACE[:2], "one_more")] = said
    else:
        after = {place: kept for place, kept in after.items() if place[0] != PLACE[0]}
    assert len(incompatible(before, after)) == (0 if change in {"added", "dataset gone"} else 1)
