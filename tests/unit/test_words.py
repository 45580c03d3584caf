"""Every type of entry that our code writes has a name in both languages; pages show no bare identifiers."""

from __future__ import annotations

import re
from pathlib import Path

from provision import states
from provision.auditing import words
from provision.ledger import entrytypes

PROVISION = Path(__file__).parents[2] / "plugins" / "provision"
_WRITES = re.compile(r'ledger\.append\(\s*"([a-z_]+\.[a-z_]+)"')


def written() -> set[str]:
    found = {type for path in PROVISION.rglob("*.py") for type in _WRITES.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 5
    return found


def test_what_is_written_is_named() -> None:
    assert {type for type in written() if not words.type_pair(type).en} == set()


def test_every_kind_state_and_channel_is_named() -> None:
    assert set(states.TRANSITIONS) <= set(words.KINDS)
    assert {state for table in states.TRANSITIONS.values() for state in table if state} <= set(words.STATES)
    from provision.model import Channel

    assert set(Channel.__args__) == set(words.CHANNELS)


def test_every_field_and_subject_of_an_entry_is_named() -> None:
    """Of entries as the platform writes them; those that tests declare are nobody's business."""
    declared = [*entrytypes.FACTS, *entrytypes.STATES]
    assert {name for one in declared for name in one.carries if not words.field_pair(name).en} == set()
    assert {kind for one in declared for kind in one.about.split() if not words.subject_pair(kind).en} == set()
