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
after it), or where a surname and a given name fill a run of kanji exactly. A name that no list knows counts there too
if it looks like a surname: which characters open, fill and end surnames, and which words, is learned from the lists
(naive Bayes). Beside a title little is asked, in brackets (where shortened terms stand) more, of an ordinary word most.
Disease and drug names with a surname in them (橋本病) therefore stop nothing.

`python -m benchmarks.gate_names` measures it on sentences of our own in 20 contexts, 1,000 names in each; beside it
what the STRICT method of the study these bars come from found (it masks every proper noun and unknown word):

| surnames | found, mean | worst context | STRICT |
|---|---|---|---|
| as often as people bear them | 0.993 | 0.975 | 0.990, 0.967 |
| rare, held out of every list the detector reads | 0.965 | 0.919, bare brackets | – |
| rare, JMnedict outside the 1,999 most frequent | 0.965 | 0.914, bare brackets | 0.962, 0.883 |
| put together from characters, in no list | 0.997 | 0.981 | – |

JMnedict's figure is of the half of its surnames that was never looked at; the other half helped to set thresholds.

False stops: none in 20,000 sentences of our own, none in 2,436 around terms and a stress list of them; 6 in 12,636
sentences of case reports, nursing notes and radiology reports by others (JMED-LLM), which are four hospitals by name
and twice a surname in brackets; 2 in 6,076 examination questions and posts of the same collection, of which one is a
name. The rules before stopped 88 and 4. All of these sentences were looked at while the rules were made.

**Not found**: a bare surname in running text without a cue, a given name in hiragana alone, nicknames, misspelt names
without a title, a rare surname that is an everyday word (道具, 共通) or a date (四月一日). Known values (the third line
of the gate) and the rule that free text leaves only when asked for stand behind this.

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
