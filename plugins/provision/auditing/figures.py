"""数値: figures of a release as people read them: percentages, counts, and rows for the tables of the approval page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provision.auditing.language import Say
from provision.releasing.since import Change

_ATTACKERS = (
    ("prosecutor", "対象者がいると知る者", "knows that a person is in it"),
    ("journalist", "誰かを探す者", "looks for anybody"),
    ("marketer", "全員を照合する者（平均）", "tries everybody (mean)"),
)


@dataclass(frozen=True)
class Row:
    """A label and its figures, ready to show; `share` (0 to 1) draws a bar, `bad` stands out."""

    label: str
    figures: tuple[str, ...]
    share: float | None = None
    bad: bool = False


def percent(share: object) -> str:
    """A share of the log, such as ``"0.3333333333"``; ``–`` where there is none."""
    return "–" if share is None else f"{float(str(share)):.1%}"


def ppm(value: object) -> str:
    """Millionths as a percentage."""
    return f"{int(str(value)) / 10_000:.1f}%"


def count(value: object) -> str:
    """A whole number with separators; ``–`` where there is none."""
    return f"{value:,}" if isinstance(value, int) else "–"


def before_after(risk: Mapping[str, Any], say: Say) -> Iterator[Row]:
    """Groups of people who look alike, before and after treatment; figures a version did not keep are left out."""
    before, after = risk.get("before", {}), risk.get("after", {})
    for label, old, new in (
        (say("人数", "people"), before.get("people", risk.get("people")), after.get("people")),
        (say("グループ数", "groups"), before.get("groups", risk.get("groups")), risk.get("groups_left")),
        (say("最小のグループ", "smallest group"), risk.get("smallest_group"), risk.get("smallest_group_left")),
        (say("一意な人", "unique people"), risk.get("unique_people"), after.get("sample_uniques")),
    ):
        if old is not None or new is not None:
            yield Row(label, (count(old), count(new)))
    for name, ja, en in _ATTACKERS:
        if before.get("attackers") and after.get("attackers"):
            old, new = before["attackers"][name], after["attackers"][name]
            yield Row(say(f"{ja}の成功率", f"success of one who {en}"), (percent(old), percent(new)), float(new))


def trails(made: Mapping[str, Any], say: Say) -> Iterator[tuple[Mapping[str, Any], list[Row]]]:
    """Per measurement: columns and limits, and a row per number of known events."""
    for trail in made.get("trails", ()):
        rows = []
        for known, found in trail["known"].items():
            share, limit = found["unicity"], trail["limits"].get(known)
            figures = (percent(share["share"]), f"{percent(share['low'])} – {percent(share['high'])}",
                       percent(found["worst"]["share"]), percent(limit))  # fmt: skip
            label = say(f"出来事を {known} 件知る", "1 event known" if known == "1" else f"{known} events known")
            rows.append(
                Row(label, figures, float(share["share"]), limit is not None and float(share["high"]) > float(limit))
            )
        yield trail, rows


def attacks(found: Mapping[str, Any] | None, say: Say) -> Iterator[Row]:
    """What the three attacks of WP216 achieve, against chance."""
    if found is None:
        return
    single, link = found["singling_out"], found["linkage"]
    rows = [
        (say("特定", "singling out"), single["isolating"]["share"], single["by_chance"]["share"]),
        (say("連結（属性による）", "linkage by attributes"), link["by_attributes"], link["by_chance"]),
        (say("連結（軌跡による）", "linkage by trails"), link["by_trail"], link["by_chance"]),
        *((say(f"推定: {name}", f"inference of {name}"), one["guess"], one["guess_before"])
          for name, one in found["inference"].items()),
    ]  # fmt: skip
    for label, achieved, chance in rows:
        if achieved is not None:
            yield Row(label, (percent(achieved), percent(chance)), float(achieved))


def across(found: list[Mapping[str, Any]]) -> Iterator[Row]:
    """Against each earlier release of the recipient: people in one of both only, and of these in small groups."""
    for one in found:
        if not one["compared"]:
            yield Row(str(one["release"]), ("–", "–", "–", str(one["reason"])), bad=True)
            continue
        gone, new = one["gone"], one["new"]
        exposed = sum(gone["exposed"].values()) + sum(new["exposed"].values())
        figures = (count(one["both"]), count(gone["people"]), count(new["people"]), count(exposed))
        yield Row(str(one["release"]), figures, bad=exposed > 0)


def shown(change: Change) -> tuple[str, str, str]:
    """Before, now and the difference of a change, as people read them."""
    before, now = _value(change.name, change.before), _value(change.name, change.now)
    return before, now, _apart(change) if change.before is not None and change.now is not None else ""


def _apart(change: Change) -> str:
    """The difference of two figures: a count, or points of a percentage; "" of words."""
    old, new = change.before, change.now
    if _is_share(change.name):
        return f"{(float(str(new)) - float(str(old))) * 100:+.1f} pt"
    if isinstance(old, int) and isinstance(new, int):
        return f"{(new - old) / 10_000:+.1f} pt" if change.name.endswith("_ppm") else f"{new - old:+,}"
    return ""


def _is_share(name: str) -> bool:
    return name.startswith(("attacker.", "unicity."))


def _value(name: str, value: str | int | None) -> str:
    if value is None:
        return "–"
    if _is_share(name):
        return percent(value)
    if name.endswith("_ppm"):
        return ppm(value)
    return count(value) if isinstance(value, int) else value
