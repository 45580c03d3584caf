"""台帳と金庫: every database of ours opens, is whole, and the log verifies; Airflow's answers where one is named."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from provision.context import Context
from provision.doctor.finding import Finding
from provision.keys import FileKeys, signing_key_path
from provision.ledger.places import place_of
from provision.ledger.verify import verify
from provision.migrations.upgrading import pending

_AIRFLOW = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def check(ctx: Context) -> Iterator[Finding]:
    """The log whole (a few seconds for a million entries), the vault by SQLite's own check."""
    yield from _log(ctx)
    for zone in ("vault", "access", "portal"):
        for path in sorted((ctx.zones.home / zone).glob("*.db")):
            yield _whole(f"{zone}/{path.name}", path)
    for step in pending(ctx.zones):
        what = f"it has version {step.before or 'none'}, this program works with {step.after}"
        yield Finding("fail", "databases", f"{step.kind}.db", what, "stop all runs, tokumei backup, tokumei migrate")
    if os.environ.get(_AIRFLOW):
        yield from _airflow(os.environ[_AIRFLOW])


def _log(ctx: Context) -> Iterator[Finding]:
    folder = ctx.zones.home / "ledger"
    signed = (folder / "checkpoints").is_dir()
    place = place_of(ctx.zones)
    if not place.exists():
        level = "fail" if signed else "good"
        what, remedy = ("it was signed, and is not there", "restore the backup") if signed else ("not there yet", "")
        yield Finding(level, "databases", "ledger", what, remedy)  # type: ignore[arg-type]
        return
    # Without the key beside it (a service that may not sign) signatures are not looked at; `keys` says that it is gone.
    path = signing_key_path(FileKeys(ctx.zones.home / "vault" / "keys"))
    checked = verify(place, public_key=ctx.log_keys if path.exists() else None)
    if checked.ok:
        what = f"{checked.size} entries verify, {checked.checkpoints} checkpoints agree"
        yield Finding(
            "good", "databases", "ledger", what if checked.signatures_checked else f"{what}, signatures not looked at"
        )
    for problem in checked.problems[:3]:
        where = "ledger" if problem.seq is None else f"ledger, entry {problem.seq}"
        yield Finding("fail", "databases", where, problem.what, problem.remedy)


def _whole(name: str, path: Path) -> Finding:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as database:
            answer = database.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.Error:
        answer = ""
    if answer == "ok":
        return Finding("good", "databases", name, "it is whole")
    return Finding("fail", "databases", name, "it is damaged", "stop all runs and restore the backup")


def _airflow(address: str) -> Iterator[Finding]:
    """It answers, and its clock is ours. The address may hold a password, and errors quote it: neither is repeated."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(address, pool_pre_ping=True)
        with engine.connect() as line:
            if engine.dialect.name == "postgresql":
                apart = abs(float(line.execute(text("select extract(epoch from now())")).scalar_one()) - time.time())
                if apart > 30:
                    yield Finding(
                        "warn", "databases", "Airflow", f"its clock is {apart:.0f} s off ours", "set both by NTP"
                    )
            line.execute(text("select 1"))
        engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError):
        yield Finding("fail", "databases", "Airflow", "it does not answer", f"check {_AIRFLOW} and PGPASSWORD")
        return
    yield Finding("good", "databases", "Airflow", "it answers")


CHECK = check
