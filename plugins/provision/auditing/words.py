"""What the pages call things, in Japanese and English. A type nobody named yet is shown as it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


class Pair(NamedTuple):
    """A text in Japanese and English."""

    ja: str
    en: str


#: Kinds of subject.
KINDS: Mapping[str, Pair] = {
    "batch": Pair("受領", "Batches"),
    "release": Pair("提供", "Releases"),
    "delivery": Pair("引渡し", "Deliveries"),
}

#: States; the same word means the same for every kind.
STATES: Mapping[str, Pair] = {
    "received": Pair("受領済み", "received"),
    "accepted": Pair("受入済み", "accepted"),
    "quarantined": Pair("隔離", "quarantined"),
    "destroyed": Pair("消去済み", "destroyed"),
    "drafted": Pair("起案", "drafted"),
    "made": Pair("作成済み", "made"),
    "gated": Pair("検査合格・承認待ち", "gated, awaiting approval"),
    "approved": Pair("承認済み", "approved"),
    "published": Pair("公表済み", "published"),
    "open": Pair("提供中", "open"),
    "closed": Pair("完了", "closed"),
    "rejected": Pair("却下", "rejected"),
    "failed": Pair("失敗", "failed"),
    "expired": Pair("期限切れ", "expired"),
    "recalled": Pair("回収", "recalled"),
    "ordered": Pair("指示済み", "ordered"),
    "attempting": Pair("引渡し中", "attempting"),
    "handed_over": Pair("引渡し済み", "handed over"),
    "unknown": Pair("不明・要確認", "unknown, needs an operator"),
    "bounced": Pair("不達", "bounced"),
}

#: How a state looks: good, bad, waiting, or plain.
TONES: Mapping[str, str] = {
    **dict.fromkeys(("accepted", "approved", "published", "open", "closed", "handed_over"), "good"),
    **dict.fromkeys(("quarantined", "rejected", "failed", "expired", "bounced", "unknown", "recalled"), "bad"),
    **dict.fromkeys(("gated", "attempting"), "wait"),
}


def state_pair(state: str) -> Pair:
    """A state for people."""
    return STATES.get(state, Pair(state, ""))


def type_pair(entry_type: str) -> Pair:
    """An entry type such as ``release.made`` for people; one nobody named keeps its own name."""
    kind, _, event = entry_type.partition(".")
    if kind in KINDS and event in STATES:
        return Pair(f"{KINDS[kind].ja}: {STATES[event].ja}", f"{kind} {STATES[event].en}")
    return Pair(entry_type, "")


def tone(entry_type: str) -> str:
    """The look of an entry or state."""
    return TONES.get(entry_type.rpartition(".")[2], "plain")


def when(moment: datetime | str) -> str:
    """A moment as people in Japan read it: ``2026-03-01 14:05:09`` JST."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")


def is_digest(value: Any) -> bool:
    """Whether a text is a digest or fingerprint: shown in a fixed width, breakable."""
    return isinstance(value, str) and len(value) >= 32 and all(c in "0123456789abcdef" for c in value)
