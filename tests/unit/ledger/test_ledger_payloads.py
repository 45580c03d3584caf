"""Entry types: nothing undeclared is written, everything declared carries what it must."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision import states
from provision.errors import Refused
from provision.ledger.entrytypes import FACTS, STATES, TYPES
from provision.ledger.payloads import ANY, COUNT, FLAG, LIST, OBJECT, TEXT, TEXTS, EntryType, Kind, Registry, maybe
from provision.ledger.store import Ledger

ROOT = Path(__file__).parents[3]
_TYPE = re.compile(r"[a-z_]+\.[a-z_]+")

GOOD: dict[str, object] = {
    TEXT.words: "架空", COUNT.words: 3, FLAG.words: True, TEXTS.words: ["a"], LIST.words: [{}], OBJECT.words: {"a": 1},
    ANY.words: None,
}  # fmt: skip
BAD: list[tuple[Kind, object]] = [
    (TEXT, 1), (TEXT, None), (COUNT, -1), (COUNT, True), (COUNT, "1"), (FLAG, 1), (TEXTS, "a"), (TEXTS, [1]),
    (LIST, {}), (OBJECT, []), (OBJECT, "a"),
]  # fmt: skip


def whole(one: EntryType) -> tuple[dict[str, str], dict[str, object]]:
    """Subjects and payload that the type accepts."""
    return dict.fromkeys(one.about.split(), "x"), {name: GOOD[kind.words] for name, kind in one.carries.items()}


@pytest.mark.parametrize("one", [*FACTS, *STATES], ids=lambda one: one.name)
def test_a_whole_entry_is_accepted_and_each_missing_part_refused(one: EntryType) -> None:
    subjects, payload = whole(one)
    TYPES.check(one.name, subjects, payload)
    for kind in subjects:
        with pytest.raises(Refused, match=kind):
            TYPES.check(one.name, {k: v for k, v in subjects.items() if k != kind}, payload)
    for name, field in one.carries.items():
        without = {k: v for k, v in payload.items() if k != name}
        if field.required:
            with pytest.raises(Refused, match=name):
                TYPES.check(one.name, subjects, without)
        else:
            TYPES.check(one.name, subjects, without)
    if not one.more:
        with pytest.raises(Refused, match="not declared") as caught:
            TYPES.check(one.name, subjects, payload | {"架空 太郎": 1})
        assert "架空" not in str(caught.value)


@pytest.mark.parametrize(("kind", "value"), BAD, ids=[f"{kind.words}-{value!r}" for kind, value in BAD])
def test_a_value_of_another_form_is_refused_and_not_repeated(kind: Kind, value: object) -> None:
    for declared in (kind, maybe(kind)):
        registry = Registry([EntryType("a.b", "", "", "", {"field": declared})])
        with pytest.raises(Refused, match=f"field as {kind.words}"):
            registry.check("a.b", {}, {"field": value})


@given(name=st.from_regex(_TYPE, fullmatch=True))
def test_an_undeclared_type_is_refused(name: str) -> None:
    if name not in {one.name for one in TYPES.all()}:
        with pytest.raises(Refused, match="not declared"):
            TYPES.check(name, {}, {})


def test_a_type_has_one_declaration() -> None:
    with pytest.raises(ValueError, match="twice"):
        Registry([EntryType("a.b", "", ""), EntryType("a.b", "", "")])


def test_the_log_refuses_both(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="not declared"):
        ledger.append("unheard.of", actor="a", subjects={}, payload={})
    with pytest.raises(Refused, match="does not carry"):
        ledger.append("outbox.emptied", actor="a", subjects={"delivery": "d"}, payload={})
    order = {"release": "r1", "recipient": "x", "channel": "mail", "digest": "d"}
    ledger.transition("delivery", "d", "ordered", actor="a", payload=order)
    ledger.transition("delivery", "d", "attempting", actor="a", payload={"attempt": 1, "ciphertext_sha256": "c"})
    with pytest.raises(Refused, match="should carry receipt"):
        ledger.transition("delivery", "d", "handed_over", actor="a", payload={"receipt": "架空"})
    assert ledger.size == 2


def test_every_state_is_declared_with_its_evidence() -> None:
    declared = {one.name: set(one.carries) for one in STATES}
    assert declared == {
        f"{kind}.{state}": set(states.EVIDENCE.get((kind, state), ()))
        for kind, table in states.TRANSITIONS.items()
        for state in table
        if state
    }


def written() -> Iterator[tuple[Path, str]]:
    """Every type that a call ``append(type, actor=…, subjects=…, payload=…)`` of the product names, itself or by a
    constant of its module."""
    for path in sorted((ROOT / "plugins" / "provision").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and {"actor", "payload"} <= {k.arg for k in node.keywords} and node.args:
                said = node.args[0]
                said = constants.get(said.id, said) if isinstance(said, ast.Name) else said
                for part in ast.walk(said):
                    if isinstance(part, ast.Constant) and _TYPE.fullmatch(str(part.value)):
                        yield path, str(part.value)


def test_every_type_the_product_writes_is_declared_and_the_other_way_round() -> None:
    found = {name for _, name in written()}
    declared = {one.name for one in FACTS}
    assert len(found) > 20
    assert found <= declared
    # Written under a name that is worked out (personal.<direction>, a restored set) or imported from another module.
    worked_out = {
        "personal.provided", "personal.received", "platform.restored", "platform.vault_restored",
        "release.gated_again", "store.ended", "notice.published", "access.lost", "platform.key_rotated",
    }  # fmt: skip
    assert declared - found <= worked_out
