"""Writes docs/identifiers.md: every identifier kind the gate knows, from `expectations.identifiers`.

Run it after a kind changed; tests/unit/test_docs.py compares.
"""

from __future__ import annotations

from pathlib import Path

from expectations.identifiers import Identifier, all_kinds

PAGE = Path(__file__).parents[1] / "docs" / "identifiers.md"

HEAD = """# Identifier kinds (識別子の種類)

Made by `python scripts/make_identifiers_page.py` from `expectations/identifiers/`; do not edit it by hand. The gate
looks for all of them in what leaves (`tokumei gate`), and anybody in any file with `tokumei scan`. How to add one
is on [adding things](adding.md).

## Strength (確からしさ)

* **certain** stops a release, and `tokumei scan` ends with status 3. A label, a form that means nothing else, or
  two pieces of evidence.
* **likely** stops a release. One piece of evidence.
* **weak** is counted and stops nothing.

A check digit alone is evidence, not proof: one random number in ten passes it. So numbers are judged with their
column's name, the words before them, their form and the lists they belong to. A number without a form of its own (a
chart number) is found only beside a label.

Every text is read in one form: NFKC, one kind of hyphen and blank, kanji digits as digits, nothing invisible,
digits with blanks between them joined. Each kind's examples are run in all these disguises.

## Names (氏名)

A cell is compared with 10,600 surnames and 70,000 given names, in kanji, kana and Latin letters. In running text a
name is read only at a cue (title, role, relative, something reported to it, brackets, signature, a house named
after it), or where a surname and a given name fill a run of kanji exactly; a name that no list knows counts behind
a strong cue unless it is made of ordinary words. Disease and drug names with a surname in them (橋本病) therefore
stop nothing.

Measured on sentences of our own in 20 contexts, with names drawn by the number of people who bear them: 0.990 found
on average, 0.968 in the worst context. Rarer surnames (JMnedict, outside the 1,999 most frequent): 0.92 on average,
0.91 to 0.99 behind titles and roles, 0.35 in bare brackets, where ordinary abbreviations stand too. In 2,277
sentences of disease and drug names: no false stop. **Not found**: a bare surname in running text without a
cue, a given name in hiragana alone, nicknames, misspelt names without a title. Known values (the third line of the
gate) and the rule that free text leaves only when asked for stand behind this.

## Addresses (住所)

A municipality of Japan (2,905 names, with and without district or city) followed by a town area (70,000) or by any
number of blocks or houses; a made-up municipality is found by the form of the number behind it. Measured over 4,000
addresses in 14 notations: 0.998; with a town area and no number 0.97.

## Speed

`python -m benchmarks.gate_text` prints MB/s of the number kinds, texts/s of names, and Presidio beside them.

"""


def page() -> str:
    """The whole page."""
    codes = [kind for kind in all_kinds() if "(個人識別符号)" in kind.legal]
    others = [kind for kind in all_kinds() if kind not in codes]
    lines = [
        *_table("Individual identification codes (個人識別符号)", codes),
        *_table("Other direct identifiers", others),
    ]
    return HEAD + "\n".join(lines)


def _table(title: str, kinds: list[Identifier]) -> list[str]:
    lines = [f"## {title}", "", "| kind | 種類 | law | source of its form |", "|---|---|---|---|"]
    lines += [f"| `{kind.id}` | {kind.ja} | {kind.legal} | {kind.source} |" for kind in kinds]
    return [*lines, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
