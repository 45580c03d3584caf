"""証拠書類の頁: the record as a page in one language, with charts; the same page is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markupsafe import Markup

from provision.packaging.evidence.charts import bars
from provision.packaging.pages import render
from provision.paper import FONTS
from provision.releasing.explaining import sections

Say = Callable[[str, str], str]
_ATTACKERS = (
    ("prosecutor", "検察官", "prosecutor"),
    ("journalist", "記者", "journalist"),
    ("marketer", "平均", "marketer"),
)


def page(one: Mapping[str, Any], language: str) -> str:
    """The page of a record, ``ja`` or ``en``."""

    def say(ja: str, en: str) -> str:
        return ja if language == "ja" else en

    made = one["made"]
    return render(
        "evidence.html", one=one, language=language, say=say, fonts=Markup(FONTS), head=_head(one, say),
        groups_chart=_groups(made["risk"], say), risk=list(_risk(made["risk"], say)), trail_chart=_trails(made, say),
        attacks=list(_attacks(made["attacks"], say)),
        explained=[found for name, found in sections({**made, "rules": []}).items() if found and name != "risk"],
    )  # fmt: skip


def _head(one: Mapping[str, Any], say: Say) -> list[tuple[str, str]]:
    profile = one["made"]["profile"]
    return [
        (say("提供番号", "Release"), one["release"]),
        (say("提供データのダイジェスト", "Digest of the payload"), one["digest"]),
        (say("作成日時", "Made at"), one["made_at"]),
        (say("計画（ダイジェスト）", "Plan (digest)"), f"{one['plan']} ({one['plan_digest']})"),
        (say("提供先・契約・目的", "Recipient, agreement, purpose"),
         f"{one['recipient']} / {one['agreement']} / {one['purpose']}"),
        (say("加工基準（法令の現在日）", "Profile (law as of)"),
         f"{profile['id']} ({profile['law']}, {profile['in_force']}) {profile['digest']}"),
        (say("プログラムの版", "Program version"), one["made"]["code_version"]),
        (say("人・明細・受領分", "People, claims, batches"),
         f"{one['made']['people']} / {one['made']['claims']} / {len(one['made']['batches'])}"),
    ]  # fmt: skip


def _groups(risk: Mapping[str, Any], say: Say) -> Markup:
    """People in groups under so many, as shares of the people before and after."""
    before, after = risk["before"], risk["after"]
    rows = [
        (say(f"{k} 人未満のグループ", f"in groups of under {k}"),
         [_share(side["people_in_groups_under"][k], side["people"]) for side in (before, after)])
        for k in sorted(before["people_in_groups_under"], key=int)
    ]  # fmt: skip
    title = say("小さなグループにいる人の割合", "Share of people in small groups")
    return bars(title, rows, [say("加工前", "before"), say("加工後", "after")])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _risk(risk: Mapping[str, Any], say: Say) -> Iterator[tuple[str, object, object]]:
    before, after = risk["before"], risk["after"]
    for key, ja, en in (("people", "人数", "people"), ("groups", "グループ数", "groups"), ("k", "k", "k"),
                        ("sample_uniques", "一意な人", "unique people")):  # fmt: skip
        yield say(ja, en), before[key], after[key]
    for key, ja, en in _ATTACKERS:
        first, left = (f"{float(side['attackers'][key]):.4g}" for side in (before, after))
        yield say(f"リスク（{ja}）", f"risk ({en})"), first, left


def _trails(made: Mapping[str, Any], say: Say) -> Markup | str:
    rows = [
        (f"{', '.join(trail['columns'])[:22]} · {known}", [float(one["share"]) for one in found.values()])
        for trail in made["trails"] for known, found in trail["known"].items()
    ]  # fmt: skip
    if not rows:
        return ""
    series = [say("任意の出来事", "any events"), say("最悪の組合せ", "worst choice")]
    return bars(say("出来事を知る者に一意となる人", "Unique by known events"), rows, series)


def _attacks(found: Mapping[str, Any] | None, say: Say) -> Iterator[tuple[str, str, str]]:
    if found is None:
        return
    single, link = found["singling_out"], found["linkage"]
    rows = [(say("特定", "singling out"), single["isolating"]["share"], single["by_chance"]["share"]),
            (say("連結（属性）", "linkage by attributes"), link["by_attributes"], link["by_chance"])]  # fmt: skip
    if link["by_trail"] is not None:
        rows.append((say("連結（軌跡）", "linkage by trails"), link["by_trail"], link["by_chance"]))
    rows += [(say(f"推定 {name}", f"inference of {name}"), one["guess"], one["guess_before"])
             for name, one in found["inference"].items()]  # fmt: skip
    yield from ((name, f"{float(attack):.1%}", f"{float(chance):.1%}") for name, attack, chance in rows)
