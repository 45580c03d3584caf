"""The rules of docs/architecture.md as tests: who may import what, how long a module may be, what it must say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision import states

ROOT = Path(__file__).parents[2]
PACKAGES = {"anonymization": "anonymization", "expectations": "expectations", "provision": "plugins/provision"}
OURS = {*PACKAGES, "demo", "dags", "dag_parts", "tests", "provision_ui"}
#: Lines a module may have.
LONGEST = 300


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / PACKAGES[package]).rglob("*.py"))
    assert len(found) > 5
    return found


def imports(path: Path, *, inside_functions: bool = True) -> Iterator[str]:
    """Full names of everything a module imports; what only type checkers see does not count."""
    yield from _imports(ast.parse(path.read_text("utf-8")), inside_functions)


def _imports(node: ast.AST, inside: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are absolute"
            yield child.module or ""
        elif isinstance(child, ast.Call) and getattr(child.func, "id", "") == "import_module":
            yield from (a.value for a in child.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        if inside or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imports(child, inside)


def tops(path: Path, **how: bool) -> set[str]:
    return {name.split(".")[0] for name in imports(path, **how)}


@pytest.mark.parametrize("package", ["anonymization", "expectations"])
def test_the_pure_rooms_import_nothing_of_ours(package: str) -> None:
    for path in modules(package):
        assert tops(path) & OURS <= {package}, path
        assert "airflow" not in tops(path), path


def test_provision_imports_airflow_in_two_places_only() -> None:
    rooms = {p.relative_to(ROOT / PACKAGES["provision"]).parts[0] for p in modules("provision") if "airflow" in tops(p)}
    assert rooms == {"connections.py", "auditing"}
    assert "airflow" not in tops(ROOT / PACKAGES["provision"] / "connections.py", inside_functions=False)


def test_provision_knows_neither_demo_nor_dags() -> None:
    for path in modules("provision"):
        assert tops(path) & OURS <= {"provision", "anonymization", "expectations"}, path


def test_only_expectations_imports_great_expectations_and_only_inside_functions() -> None:
    users = {package: [p for p in modules(package) if "great_expectations" in tops(p)] for package in PACKAGES}
    assert users["expectations"]
    assert users["provision"] == users["anonymization"] == []
    for path in users["expectations"]:
        assert "great_expectations" not in tops(path, inside_functions=False), path


def test_channels_formats_and_the_ledger_know_no_room_above_them() -> None:
    above = (
        "provision.releasing",
        "provision.approvals",
        "provision.intake",
        "provision.auditing",
        "provision.context",
    )
    for room in ("channels", "formats", "ledger", "remote"):
        for path in sorted((ROOT / PACKAGES["provision"] / room).rglob("*.py")):
            assert [name for name in imports(path) if name.startswith(above)] == [], path


def test_every_module_says_what_it_is_for() -> None:
    for path in [p for package in PACKAGES for p in modules(package)] + sorted((ROOT / "dags").glob("*.py")):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_modules_stay_small() -> None:
    sizes = {p: len(p.read_text("utf-8").splitlines()) for package in PACKAGES for p in modules(package)}
    assert {str(p): lines for p, lines in sizes.items() if lines > LONGEST} == {}


def test_evidence_is_asked_for_states_there_are() -> None:
    for (kind, state), fields in states.EVIDENCE.items():
        assert any(state in following for following in states.TRANSITIONS[kind].values()), (kind, state)
        assert fields


def test_every_state_can_be_reached_and_left_for_states_there_are() -> None:
    for table in states.TRANSITIONS.values():
        following = set().union(*table.values())
        assert following | {""} == set(table)
        assert any(not after for after in table.values())  # there is an end
