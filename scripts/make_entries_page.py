"""Writes docs/entries.md: what every type of entry carries, from `provision.ledger.entrytypes`.

Run it after a type was declared or changed; tests/unit/test_docs.py compares.
"""

from __future__ import annotations

from pathlib import Path

from provision.auditing.words import STATES as STATE_WORDS
from provision.ledger.entrytypes import FACTS, STATES
from provision.ledger.payloads import EntryType

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "entries.md"

HEAD = """# Entries of the provision log (提供記録の記載事項)

Made by `python scripts/make_entries_page.py` from `plugins/provision/ledger/entrytypes.py`; do not edit it by hand.

The envelope of every entry is in [the provision log](ledger.md). Its payload is checked before it is written: a type
that is not here is refused, and so is an entry that does not carry what its type must, or carries it in another form.
Numbers are whole and not below 0. *…* means that further fields follow, whose names depend on what happened; without it
no other field is accepted.
"""
FACTS_HEAD = "\n## Facts\n\n| type | 記載 | meaning | about | carries |\n|---|---|---|---|---|"
STATES_HEAD = (
    "\n## Changes of state\n\nWhat may follow what: [states](states.md).\n\n| type | 状態 | carries |\n|---|---|---|"
)


def page() -> str:
    """The whole page."""
    facts = [f"| `{one.name}` | {one.ja} | {one.en} | {one.about or '–'} | {_carries(one)} |" for one in FACTS]
    states = [f"| `{one.name}` | {STATE_WORDS[_state(one)].ja} | {_carries(one)} |" for one in STATES]
    return "\n".join([HEAD + FACTS_HEAD, *facts, STATES_HEAD, *states]) + "\n"


def _state(one: EntryType) -> str:
    return one.name.partition(".")[2]


def _carries(one: EntryType) -> str:
    fields = [
        f"`{name}` ({kind.words}{'' if kind.required else ', where known'})" for name, kind in one.carries.items()
    ]
    return ", ".join([*fields, *(["…"] if one.more else [])])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
