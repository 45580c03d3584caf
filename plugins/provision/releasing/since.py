"""前回からの変更: what is different in a release from the last one of its plan that its recipient has, or may have.

Columns, rows, profile, method, recipient and risk figures, all from the provision log: what officers have to look at
first. Names and figures only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provision.context import Context
from provision.ledger.entry import Entry
from provision.releasing.recipes import recipe_of
from provision.releasing.verdicts import latest

Value = str | int
Facts = Mapping[str, Value]
#: What officers read first comes first.
PARTS = ("columns", "rows", "recipient", "profile", "method", "risk")
#: States of a release that somebody has, may have, or was about to get.
_LEFT = frozenset({"approved", "published", "open", "closed", "recalled"})
#: What of a plan is its method; recipient, agreement and tables are parts of their own.
_METHOD = ("k", "suppression_limit", "linkage", "first_month", "cutoff_month", "as_of", "sources", "formats", "channel",
           "quasi_identifiers")  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One fact that differs; None where it was not there, or is not there any more."""

    part: str
    name: str
    before: Value | None
    now: Value | None


@dataclass(frozen=True)
class Since:
    """The last release of the plan, when it was made (UTC), and what changed; `same` are the parts that did not."""

    release: str
    at: str
    state: str
    changes: tuple[Change, ...]

    @property
    def same(self) -> tuple[str, ...]:
        """Parts without any change."""
        changed = {change.part for change in self.changes}
        return tuple(part for part in PARTS if part not in changed)

    def of(self, part: str) -> tuple[Change, ...]:
        """Changes of one part."""
        return tuple(change for change in self.changes if change.part == part)


def since_last(ctx: Context, release: str) -> Since | None:
    """What changed since the last release of the plan; None where this is the first one."""
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release)))
    last = _last(ctx, made)
    if last is None:
        return None
    before, now = _parts(ctx, last), _parts(ctx, made)
    changes = tuple(change for part in PARTS for change in _changes(part, before[part], now[part]))
    other = last.subjects["release"]
    return Since(other, last.at, ctx.ledger.state("release", other), changes)


def _last(ctx: Context, made: Entry) -> Entry | None:
    earlier = [
        entry
        for entry in ctx.ledger.entries(type="release.made", kind="plan", subject=made.subjects["plan"])
        if entry.seq < made.seq and ctx.ledger.state("release", entry.subjects["release"]) in _LEFT
    ]
    return earlier[-1] if earlier else None


def _changes(part: str, before: Facts, now: Facts) -> Iterator[Change]:
    for name in [*before, *(name for name in now if name not in before)]:
        if before.get(name) != now.get(name):
            yield Change(part, name, before.get(name), now.get(name))


def _parts(ctx: Context, made: Entry) -> dict[str, Facts]:
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=made.subjects["release"])))
    recipe = recipe_of(drafted)
    plan = {} if recipe is None else recipe.plan.model_dump(mode="json")
    return {
        "columns": _columns(plan),
        "rows": _rows(made.payload),
        "recipient": _recipient(ctx, drafted),
        "profile": {name: str(made.payload["profile"].get(name, "")) for name in ("id", "law", "in_force", "digest")},
        "method": {**_method(plan), **_treatment(made.payload), **_versions(ctx, made)},
        "risk": dict(_risk(made.payload)),
    }


def _columns(plan: Mapping[str, Any]) -> Facts:
    """Every column that goes out; of test values also which items."""
    found: dict[str, Value] = {}
    for table in plan.get("tables", ()):
        place = f"{table['dataset']}.{table['table']}"
        found |= {f"{place}.{column}": "yes" for column in table["columns"]}
        if table["items"]:
            found[f"{place} (items)"] = _words(table["items"])
    return found


def _rows(made: Mapping[str, Any]) -> Facts:
    counts = {name: int(made[name]) for name in ("people", "claims") if name in made}
    return counts | {f"tables.{name}": int(rows) for name, rows in made["tables"].items()}


def _recipient(ctx: Context, drafted: Entry) -> Facts:
    """Who gets it, under which terms, encrypted to which key: of a release that was approved, the key of then."""
    said = drafted.payload
    given = ctx.ledger.entries(type="release.approval", kind="release", subject=drafted.subjects["release"])
    keys = [str(entry.payload["recipient_key"]) for entry in given if entry.payload.get("recipient_key")]
    now = ctx.recipients.get(drafted.subjects["recipient"])
    key = keys[-1] if keys else now.encryption.identity if now is not None else ""
    terms = {f"terms.{name}": _words(value) for name, value in said.get("terms", {}).items()}
    return {"recipient": str(said["recipient"]), "agreement": str(said["agreement"]),
            "purpose": str(said["purpose"]), "recipient_key": key, **terms}  # fmt: skip


def _method(plan: Mapping[str, Any]) -> Facts:
    return {name: _words(plan[name]) for name in _METHOD if name in plan}


def _treatment(made: Mapping[str, Any]) -> Facts:
    """Rules with the columns they treat, and the level of every quasi-identifier."""
    rules = {f"rule.{one['rule']}.{one['table']}": _words(sorted(one["columns"])) for one in made.get("rules", ())}
    levels = made.get("generalisation", {}).get("columns", ())
    return rules | {f"level.{one['column']}": str(one["level_name"]) for one in levels}


def _versions(ctx: Context, made: Entry) -> Facts:
    """Program and gate. The contract counts rows, so it is another one in every release and says nothing here."""
    said = {**made.payload, **latest(ctx, made.subjects["release"])}
    return {name: str(said[name]) for name in ("code_version", "detectors_version") if name in said}


def _risk(made: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    risk = made["risk"]
    for name in ("smallest_group_left", "groups_left", "suppressed", "suppressed_ppm"):
        if name in risk:
            yield name, int(risk[name])
    for name, share in risk.get("after", {}).get("attackers", {}).items():
        if isinstance(share, str):
            yield f"attacker.{name}", share
    for trail in made.get("trails", ())[:1]:
        for known, found in trail["known"].items():
            yield f"unicity.{known}", str(found["unicity"]["share"])


def _words(value: object) -> Value:
    """A value of configuration in one line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(str(_words(one)) for one in value)
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)
