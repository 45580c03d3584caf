"""What the log's database must look like, and what is different: a trigger switched off, a function rewritten, a right
given away. Compared with `postgres.sql` itself, so there is one description only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg

SCHEMA: Final = "provision_log"
ABOUT = "tokumei provision log 1"
SCRIPT = Path(__file__).with_name("postgres.sql")
TABLES = ("entry", "subject", "key", "node", "checkpoint")
#: The functions anybody may call beside the owner, and who.
_CALLERS = (("append", "tokumei_writer"), ("keep", "tokumei_steward"), ("lock", "tokumei_writer"))

_FUNCTION = re.compile(r"^CREATE FUNCTION (\w+)\(.*?AS \$body\$(.*?)\$body\$;", re.MULTILINE | re.DOTALL)


@cache
def functions() -> dict[str, str]:
    """Name and body of every function of the script."""
    return dict(_FUNCTION.findall(SCRIPT.read_text(encoding="utf-8")))


def differences(db: psycopg.Connection[Any]) -> list[str]:
    """What is not as the script makes it, in words."""
    return [what for check in (_tables, _triggers, _bodies, _rights) for what in check(db)]


def _tables(db: psycopg.Connection[Any]) -> Iterator[str]:
    rows = db.execute(
        "SELECT relname, relkind = 'r' AND NOT relrowsecurity AND NOT relhasrules AND NOT relhassubclass"
        " AND pg_get_userbyid(relowner) = 'tokumei_owner' FROM pg_class"
        " WHERE relnamespace = to_regnamespace(%s) AND relkind NOT IN ('i', 't')",
        (SCHEMA,),
    ).fetchall()
    if sorted(rows) != sorted((name, True) for name in TABLES):
        yield "tables were added, removed, given to another owner or covered by rules"


def _triggers(db: psycopg.Connection[Any]) -> Iterator[str]:
    """`tgtype` is BEFORE (2), a statement, on DELETE (8), UPDATE (16), TRUNCATE (32); 'A' is ALWAYS."""
    rows = db.execute(
        "SELECT relname, tgname, tgtype::int, tgenabled::text, tgfoid = to_regproc(%s) AND tgqual IS NULL"
        " FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE relnamespace = to_regnamespace(%s) AND NOT tgisinternal",
        (f"{SCHEMA}.refuse", SCHEMA),
    ).fetchall()
    if sorted(rows) != sorted((name, "only_grows", 2 + 8 + 16 + 32, "A", True) for name in TABLES):
        yield "append-only triggers were changed"


def _bodies(db: psycopg.Connection[Any]) -> Iterator[str]:
    rows = db.execute(
        "SELECT proname, prosrc, pg_get_userbyid(proowner), prosecdef, proconfig FROM pg_proc"
        " WHERE pronamespace = to_regnamespace(%s)",
        (SCHEMA,),
    ).fetchall()
    path = [f"search_path={SCHEMA}, pg_temp"]
    wanted = [(name, body, "tokumei_owner", name in ("append", "keep"), path) for name, body in functions().items()]
    if sorted(rows) != sorted(wanted):
        yield "functions were changed, added or removed"


def _rights(db: psycopg.Connection[Any]) -> Iterator[str]:
    """Whoever has any right beside the owner, on tables, columns and functions."""
    tables = db.execute(
        "SELECT relname, coalesce(nullif(grantee, 0)::regrole::text, 'public'), privilege_type"
        " FROM pg_class, aclexplode(relacl) WHERE relnamespace = to_regnamespace(%s) AND grantee <> relowner"
        " UNION ALL SELECT relname, 'a column', attname::text"
        " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = to_regnamespace(%s) AND attacl IS NOT NULL",
        (SCHEMA, SCHEMA),
    ).fetchall()
    if sorted(tables) != sorted((name, "tokumei_reader", "SELECT") for name in TABLES):
        yield "rights on the tables were given or taken away"
    calls = db.execute(
        "SELECT proname, coalesce(nullif(grantee, 0)::regrole::text, 'public') FROM pg_proc,"
        " aclexplode(coalesce(proacl, acldefault('f', proowner)))"
        " WHERE pronamespace = to_regnamespace(%s) AND grantee <> proowner",
        (SCHEMA,),
    ).fetchall()
    if sorted(calls) != sorted(_CALLERS):
        yield "rights on the functions were given or taken away"
    owner = "SELECT rolcanlogin OR EXISTS (SELECT FROM pg_auth_members WHERE roleid = pg_roles.oid) FROM pg_roles"
    if db.execute(f"{owner} WHERE rolname = 'tokumei_owner'").fetchone() != (False,):
        yield "somebody can become the owner of the tables"
