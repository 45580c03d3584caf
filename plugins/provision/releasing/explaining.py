"""説明: what a making did and why, in Japanese and English, from its facts alone.

Names of tables, columns, rules and levels, and counts; the facts hold no value of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from anonymization.hierarchies import systems
from anonymization.rules import rules
from provision.context import Context
from provision.errors import Refused

Facts = Mapping[str, Any]
#: Who looks for somebody.
_ATTACKERS = {
    "prosecutor": ("対象者がいると知る者（検察官）", "somebody who knows that a person is in it (prosecutor)"),
    "journalist": ("誰かを探す者（記者）", "somebody who looks for anybody (journalist)"),
    "marketer": ("全員を照合する者（平均、マーケター）", "somebody who tries everybody (mean, marketer)"),
}


class Said(NamedTuple):
    """One sentence in both languages."""

    ja: str
    en: str


def explained(ctx: Context, release: str) -> dict[str, object]:
    """Sections of sentences about a made release. `Refused` where it was not made."""
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release)), None)
    if made is None:
        raise Refused("the release was not made", where=release, rule="release.state", remedy="tokumei releases")
    return {"release": release, "plan": made.subjects["plan"], "sections": sections(made.payload)}


def sections(made: Facts) -> dict[str, list[dict[str, str]]]:
    """Sentences by section; sections of facts that an older version did not keep are empty."""
    parts = {"profile": _profile, "rules": _rules, "rare_codes": _rare, "levels": _levels, "left_out": _left_out,
             "risk": _risk, "trails": _trails}  # fmt: skip
    return {name: [said._asdict() for said in part(made)] for name, part in parts.items()}


def _profile(made: Facts) -> Iterator[Said]:
    said, version = made["profile"], made.get("code_version")
    digest = str(said.get("digest", ""))[:16]
    yield Said(
        f"加工基準 {said['id']}（{said['law']}、{said['in_force']} 現在の法令、識別値 {digest}）、"
        f"プログラムの版 {version}",
        f"Profile {said['id']} ({said['law']}, law as of {said['in_force']}, digest {digest}), program {version}",
    )


def _rules(made: Facts) -> Iterator[Said]:
    for one in made.get("rules", ()):
        known = rules().get(one["rule"])
        title = Said(*known.title) if known is not None else Said(one["rule"], one["rule"])
        cells = "、".join(f"{name} {count:,}" for name, count in sorted(one["columns"].items()))
        place = f"{one['table']}" + (f"（{cells}）" if cells else "")
        rows = (f"、{one['rows']:,} 行を除外", f", {one['rows']:,} rows left out") if one["rows"] else ("", "")
        yield Said(
            f"{title.ja}: {place} 変更 {one['cells']:,} 欄{rows[0]}。根拠 {one['law']}",
            f"{title.en} ({one['rule']}): {one['table']}"
            + (f" ({cells.replace('、', ', ')})" if cells else "")
            + f", {one['cells']:,} cells changed{rows[1]}. Serves {one['law']}",
        )


def _rare(made: Facts) -> Iterator[Said]:
    said = made.get("rare_codes", {})
    if not said.get("least"):
        return
    if not said["columns"]:
        yield Said(
            f"{said['least']} 人未満しか持たないコードはなかった。",
            f"No code was carried by under {said['least']} people.",
        )
    for one in said["columns"]:
        yield Said(
            f"{one['column']}: {said['least']} 人未満しか持たないコード {one['codes']:,} 種を空欄にした"
            f"（{one['cells']:,} 欄、{one['people']:,} 人）。",
            f"{one['column']}: {one['codes']:,} codes carried by under {said['least']} people were emptied, "
            f"{one['cells']:,} cells of {one['people']:,} people.",
        )


def _levels(made: Facts) -> Iterator[Said]:
    found = made.get("generalisation")
    if not found:
        return
    proved = Said("最適と証明", "proved") if found["exact"] else Said("探索した範囲で最良", "the best found")
    yield Said(
        f"{found['nodes']:,} 通りの一般化のうち損失最小のもの（{proved.ja}）: "
        f"損失 {found['loss']}（指標 {found['metric']}）。",
        f"Of {found['nodes']:,} generalisations the one with the least loss ({proved.en}): "
        f"{found['metric']} {found['loss']}.",
    )
    for one in found["columns"]:
        yield _level(found, one)
    yield _runner_up(found)


def _level(found: Facts, one: Facts) -> Said:
    """One column: what it is now, and what one level finer or coarser would have meant."""
    name, level = one["column"], _level_words(one["hierarchy"], one["level_name"])
    if not one["hierarchy"]:
        what = Said(f"{name}: 一般化しない。", f"{name}: stays as it is; the profile lets it not be generalised.")
    else:
        what = Said(
            f"{name}: {level.ja}（{one['height']} 段階中 {one['level']}）、"
            f"{one['values']:,} 値が {one['labels']:,} 区分。",
            f"{name}: {level.en} (level {one['level']} of {one['height']}), {one['labels']:,} labels for "
            f"{one['values']:,} values.",
        )
    finer, coarser = _finer(found, one["finer"]), _coarser(one["coarser"])
    return Said(what.ja + finer.ja + coarser.ja, what.en + finer.en + coarser.en)


def _level_words(hierarchy: str, level: str) -> Said:
    """The name of a level."""
    ends = {"value": Said("元の値", "as it is"), "all": Said("全て一括（*）", "everything together (*)")}
    own = systems()[hierarchy].own if hierarchy in systems() else ()
    return next((Said(one.ja, one.en) for one in own if one.name == level), ends.get(level, Said(level, level)))


def _finer(found: Facts, other: Facts | None) -> Said:
    if other is None:
        return Said("", "")
    if other["loss"] is None:
        return Said(
            f"1段階細かいと {other['suppressed']:,} 人の除外が必要（上限 {found['spare']:,} 人）。",
            f" One level finer {other['suppressed']:,} people would have to be left out, {found['spare']:,} may be.",
        )
    return Said(
        f"1段階細かいと損失 {other['loss']}、除外 {other['suppressed']:,} 人。",
        f" One level finer: loss {other['loss']}, {other['suppressed']:,} people left out.",
    )


def _coarser(other: Facts | None) -> Said:
    if other is None or other["loss"] is None:
        return Said("", "")
    return Said(
        f"1段階粗いと損失 {other['loss']}、除外 {other['suppressed']:,} 人。",
        f" One level coarser: loss {other['loss']}, {other['suppressed']:,} people left out.",
    )


def _runner_up(found: Facts) -> Said:
    other = found["runner_up"]
    if other is None:
        return Said("ほかに提供できる一般化はなかった。", "No other generalisation could have been released.")
    own = {one["column"]: one for one in found["columns"]}
    changed = [(name, level) for name, level in other["levels"].items() if level != own[name]["level"]]
    ja = "、".join(f"{name} {level}（選択は {own[name]['level']}）" for name, level in changed)
    en = ", ".join(f"{name} {level} instead of {own[name]['level']}" for name, level in changed)
    return Said(
        f"次点（{ja}）は損失 {other['loss']}、除外 {other['suppressed']:,} 人。",
        f"The runner-up ({en}) would have cost a loss of {other['loss']} and left out {other['suppressed']:,} people.",
    )


def _left_out(made: Facts) -> Iterator[Said]:
    risk, found = made["risk"], made.get("suppression", {})
    yield Said(
        f"{risk['people']:,} 人のうち {risk['suppressed']:,} 人を除外（{risk['suppressed_ppm'] / 10_000:.2f} %）。",
        f"{risk['suppressed']:,} of {risk['people']:,} people left out ({risk['suppressed_ppm'] / 10_000:.2f} %).",
    )
    for one in found.get("by_requirement", ()):
        yield Said(
            f"要件「{one['ja']}」を満たさない: {one['people']:,} 人", f"{one['en']}: missed by {one['people']:,} people"
        )
    for name, rows in found.get("by_rule", {}).items():
        yield Said(f"規則 {name}: {rows:,} 人", f"rule {name}: {rows:,} people")


def _risk(made: Facts) -> Iterator[Said]:
    risk = made["risk"]
    counted = ", ".join(risk.get("counted", risk["quasi_identifiers"]))
    yield Said(f"同じに見えるかを数えた項目: {counted}", f"People look alike by: {counted}")
    yield Said(
        f"最小のグループ {risk['smallest_group']:,} 人 → {risk['smallest_group_left']:,} 人（要件 {risk['k']} 人）、"
        f"一意な人 {risk['unique_people']:,} 人 → {risk.get('after', {}).get('sample_uniques', 0):,} 人",
        f"smallest group {risk['smallest_group']:,} -> {risk['smallest_group_left']:,} people (k {risk['k']}), unique "
        f"people {risk['unique_people']:,} -> {risk.get('after', {}).get('sample_uniques', 0):,}",
    )
    for name, (ja, en) in _ATTACKERS.items() if "after" in risk else ():
        before, after = (risk[when]["attackers"][name] for when in ("before", "after"))
        yield Said(f"{ja}: {_short(before)} → {_short(after)}", f"{en}: {_short(before)} -> {_short(after)}")


def _trails(made: Facts) -> Iterator[Said]:
    """診療の軌跡: who is unique to somebody who knows a few of their events."""
    for trail in made.get("trails", ()):
        events, whose = ", ".join(trail["columns"]), trail["whose"]
        yield Said(f"出来事の項目: {events}", f"events by {events}")
        for known, found in trail["known"].items():
            share, most = _percent(found["unicity"]["share"]), trail["limits"].get(known)
            limit = ("", "") if most is None else (
                f"（{whose} の上限 {_percent(most)}）", f" ({whose} allows {_percent(most)})"
            )  # fmt: skip
            yield Said(
                f"出来事を {known} 件知る者に特定される人の割合: {share}{limit[0]}",
                f"unique to somebody who knows {known} of their events: {share}{limit[1]}",
            )


def _percent(share: str) -> str:
    return f"{float(share):.1%}"


def _short(figure: str) -> str:
    return f"{float(figure):.4g}"
