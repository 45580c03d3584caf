"""Writes docs/rules.md: every anonymisation rule and code system, from `anonymization.rules` and `.hierarchies`.

Run it after a rule or code system changed; tests/unit/test_docs.py compares.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from anonymization.hierarchies import systems
from anonymization.hierarchies.base import CodeSystem
from anonymization.rules import rules
from anonymization.rules.base import Rule
from anonymization.rules.support.options import Option

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"

HEAD = """# Rules (加工規則)

Made by `python scripts/make_rules_page.py` from `anonymization/rules/` and `anonymization/hierarchies/`; do not
edit it by hand. Examples are run as tests. 規則 is the Enforcement Rules of the APPI
(個人情報の保護に関する法律施行規則); what a release does with the rules is on [what is done to the
data](anonymisation.md), how to add one on [adding things](adding.md).

* **Counts are over people**, never over rows. What a rule learns about people or draws at random stays in the
  memory of the process that makes the release: it is in no report, log or file, and refuses to be written.
* **What a column holds afterwards** is said by the rule (labels, form, numbers), and the gate holds the bytes to
  it.
* **Order**: what leaves out people or records first; then `old-age`, `geography` and the other joint rules, while
  births, ages, dates and numbers still stand together; then columns by themselves; `rare-code` last and after every
  further suppression, because people who go can make a code rare; `renumber` and `shuffle` at the end.
* **Several tables of one release learn together** (`anonymization.rules.applying.together`): one offset per person,
  one count per code.
* **Numbers and order of a release** are those of `releasing/tables.py` (`Numbering`): a claim's key is three
  columns, and numbers and shuffles share one generator there. `renumber` and `shuffle` are the same two rules for
  any other table.

## Places (地域)

A person's place is as fine as the finest column says, so ZIP district, insurer and facility are one rule,
`geography`. Nobody publishes how many people live in a three-digit district. The figures are worked out:
municipalities of the 2020 census (preliminary counts by municipality, 126,226,568 people) spread over Japan Post's
codes. Municipalities that lie in one district as a whole count in full, those that are cut by half of what their
share of codes gives. `python scripts/make_population.py CENSUS.csv` makes them anew. There is no official floor for
a district in Japan; 20,000 is HIPAA's. Where an estimate is not good enough, `finest: prefecture` releases no
district at all: prefectures are far over any floor (the smallest has 553,407 people; final counts, 126,146,099 in
all). How many people an insurer or a facility has is published nowhere, so their numbers never stay whole unless
they are a prefecture's or have no place.

## What has no hierarchy (階層のないコード)

The seven-digit 傷病名コード and the nine-digit 医薬品コード of claims hold neither an ICD-10 code nor a 薬効分類;
their masters do, and are not ours to ship. Such columns are treated by `rare-code` without a system, or left out.

"""


def page() -> str:
    """The whole page."""
    every = [rules()[name] for name in sorted(rules())]
    lines = ["## All rules (規則の一覧)", "", "| rule | 規則 | what | serves |", "|---|---|---|---|"]
    lines += [f"| [`{one.id}`](#{one.id}) | {one.title.ja} | {one.title.en} | {one.law} |" for one in every]
    lines += ["", *(line for one in every for line in _rule(one))]
    lines += [
        "## Code systems (コード体系)",
        "",
        "Levels from fine to coarse; `value` is below all, `all` (`*`) above.",
        "",
    ]
    lines += ["| system | コード体系 | levels | source |", "|---|---|---|---|"]
    lines += [_system(systems()[name]) for name in sorted(systems())]
    return HEAD + "\n".join(lines) + "\n"


def _rule(one: Rule) -> Iterator[str]:
    yield f"### {one.id}"
    yield ""
    yield f"{one.title.ja} · {one.title.en} · {one.law}"
    yield ""
    words = inspect.getdoc(type(one)) or ""
    yield words[: words.index(">>>")].strip()
    yield ""
    if [part.name for part in one.parts] != ["column"]:
        yield "Columns: " + "; ".join(f"`{part.name}` ({part.means})" for part in one.parts) + "."
        yield ""
    if one.schema:
        yield from ["| option | default | limits | what |", "|---|---|---|---|", *map(_option, one.schema), ""]
    yield from ["```python", words[words.index(">>>") :].strip(), "```", ""]


def _option(option: Option) -> str:
    optional = "may be left out" if option.optional else "must be given"
    default = optional if option.default is None else f"`{option.default}`".replace("``", "empty")
    bounded = option.limits if option.least is not None or option.most is not None else ""
    limits = ", ".join(option.among) or bounded or (f"`{option.form}`".replace("|", "\\|") if option.form else "")
    return f"| `{option.name}`{' (list)' if option.many else ''} | {default} | {limits} | {option.means} |"


def _system(one: CodeSystem) -> str:
    levels = " → ".join(f"`{level.name}` {level.ja}" for level in one.own) or "–"
    return f"| `{one.id}` | {one.ja} | {levels} | {one.source} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
