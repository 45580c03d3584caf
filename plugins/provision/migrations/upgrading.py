"""Bringing databases up to date: each in one transaction of its own, whole or as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provision.errors import FixConfiguration, RetryLater
from provision.migrations.versions import HEADS, version
from provision.zones import Zones

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """One database: its version before and after; the same where there was nothing to do."""

    kind: str
    before: str
    after: str


def databases(zones: Zones) -> dict[str, Path]:
    """Every database of ours that is there, by kind."""
    found = {kind: zones.home / kind / f"{kind}.db" for kind in HEADS}
    return {kind: path for kind, path in found.items() if path.exists()}


def pending(zones: Zones) -> list[Step]:
    """What `migrate` would do."""
    found = [Step(kind, _version(path), HEADS[kind]) for kind, path in databases(zones).items()]
    return [step for step in found if step.before != step.after]


def migrate(zones: Zones) -> list[Step]:
    """Bring every database to its newest version; gives what was done. `FixConfiguration` where one is newer than this
    program, `RetryLater` where somebody writes into it."""
    done = []
    for step in pending(zones):
        if step.before > step.after:
            raise FixConfiguration(
                "it was made by a newer program", where=f"{step.kind}.db", rule="migrate.newer",
                remedy="install that one again; nothing goes back",
            )  # fmt: skip
        _upgrade(databases(zones)[step.kind], step.kind)
        done.append(step)
    return done


def _version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return version(database) or ""


def script_of(kind: str) -> Any:
    """Alembic's view of the versions of one kind."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER / kind).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _upgrade(path: Path, kind: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.exc import OperationalError

    script, engine = script_of(kind), _engine(path)

    def steps(revision: Any, _: object) -> Any:
        return script._upgrade_revs(HEADS[kind], revision)

    try:
        with EnvironmentContext(Config(), script, fn=steps) as environment, engine.connect() as connection:
            environment.configure(connection=connection, transactional_ddl=True)
            with environment.begin_transaction():
                environment.run_migrations()
            connection.commit()
    except OperationalError:
        raise RetryLater(
            "the database takes no changes now", where=path.name, rule="migrate.busy",
            remedy="stop all runs and services, then migrate again; nothing was changed",
        ) from None  # fmt: skip
    finally:
        engine.dispose()


def _engine(path: Path) -> Any:
    """A connection whose transactions hold changes of tables, too: sqlite3's own handling commits before them."""
    from sqlalchemy import create_engine, event, pool

    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _(connection: Any, __: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
