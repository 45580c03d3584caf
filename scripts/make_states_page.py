"""Writes docs/states.md: the state diagrams of batches, releases and deliveries, from `provision.states`.

Run it after the transitions or the code that makes them changed; tests/unit/test_docs.py compares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from provision import states
from provision.auditing.words import KINDS, STATES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "states.md"

HEAD = """# States (状態)

Made by `python scripts/make_states_page.py` from `plugins/provision/states.py`; do not edit it by hand.

A state is stored nowhere: it is the last ledger entry about a subject that is a change of state. Appending the entry
*is* the change. An entry that is not allowed from the present state, or that lacks its evidence, is refused
(`IllegalTransition`) and nothing happens. See [the provision log](ledger.md).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_kind(kind) for kind in states.TRANSITIONS)])


def _kind(kind: str) -> str:
    words = KINDS[kind]
    parts = [f"## {words.en} ({words.ja})", "", _diagram(kind), "", _table(kind), ""]
    idle = [name for name in _named(kind) if name not in written(kind)]
    if idle:
        listed = ", ".join(f"`{name}`" for name in idle)
        parts += [f"Allowed by the table, but written by no command or task of this version: {listed}.", ""]
    return "\n".join(parts)


def _named(kind: str) -> list[str]:
    return [name for name in states.TRANSITIONS[kind] if name]


def _diagram(kind: str) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {name}: {name} {STATES[name].ja}" for name in _named(kind)]
    for name, following in states.TRANSITIONS[kind].items():
        lines += [f"    {name or '[*]'} --> {after}" for after in sorted(following)]
        if name and not following:
            lines.append(f"    {name} --> [*]")
    return "\n".join([*lines, "```"])


def _table(kind: str) -> str:
    lines = ["| state | 状態 | the entry must carry | may be followed by |", "|---|---|---|---|"]
    for name in _named(kind):
        evidence = ", ".join(f"`{key}`" for key in sorted(states.EVIDENCE.get((kind, name), ()))) or "–"
        after = ", ".join(f"`{state}`" for state in sorted(states.TRANSITIONS[kind][name])) or "nothing"
        lines.append(f"| `{name}` | {STATES[name].ja} | {evidence} | {after} |")
    return "\n".join(lines)


def written(kind: str) -> frozenset[str]:
    """States of `kind` that some call of `transition(kind, subject, state, …)` in the package names: itself, or by a
    parameter of the function around it that is a `Literal` of states."""
    return frozenset(
        text
        for function, call in _transitions()
        if kind in _texts(call.args[0])
        for text in _texts(_choices(function, call.args[2]))
    )


@cache
def _transitions() -> tuple[tuple[ast.FunctionDef, ast.Call], ...]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "plugins" / "provision").rglob("*.py")]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    calls = ((f, node) for f in functions for node in ast.walk(f) if isinstance(node, ast.Call) and len(node.args) > 2)
    return tuple((f, call) for f, call in calls if getattr(call.func, "attr", "") == "transition")


def _choices(function: ast.FunctionDef, state: ast.expr) -> ast.expr:
    """The expression that lists what `state` may be: of a parameter its annotation."""
    parameters = {a.arg: a.annotation for a in (*function.args.args, *function.args.kwonlyargs)}
    return parameters.get(getattr(state, "id", "")) or state


def _texts(node: ast.expr) -> Iterator[str]:
    """The constants an expression can be: of ``"a" if x else "b"`` both."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
