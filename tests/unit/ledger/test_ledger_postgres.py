"""What PostgreSQL itself refuses, what is found when its rules were changed, and what its failures are called."""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import rfc8785
import yaml
from ledger_world import fill

from provision.errors import FixConfiguration, LedgerBroken, Refused, RetryLater
from provision.ledger import postgres, postgrescatalogue
from provision.ledger.copying import copy
from provision.ledger.places import Place, place_of
from provision.ledger.preparing import move
from provision.ledger.proof import receipt, verify_receipt
from provision.ledger.reading import LedgerReader
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from provision.ledger.verify import verify
from provision.zones import Zones
from tests.support.postgres import LOGINS, Cluster, cluster

ROOT = Path(__file__).parents[3]
#: How a login without any right is answered depends on what it may not even see.
DENIED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InvalidSchemaName,
)
#: Ways past the functions.
BY_HAND = [
    "UPDATE entry SET type = type",
    "DELETE FROM entry",
    "TRUNCATE entry",
    "INSERT INTO entry VALUES (3, 'a.b', '', sha256(''))",
    "INSERT INTO subject VALUES ('release', 'r9', 1)",
    "INSERT INTO key VALUES ('new', 2)",
    "INSERT INTO node VALUES (0, 3, sha256(''))",
    "INSERT INTO checkpoint VALUES (1, 3, 'x')",
    "COPY entry FROM STDIN",
    "ALTER TABLE entry DISABLE TRIGGER only_grows",
    "DROP TABLE checkpoint",
    "CREATE TABLE provision_log.more (a int)",
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "SET ROLE tokumei_owner",
    "SET session_replication_role = replica",
]


@pytest.fixture
def server() -> Cluster:
    return cluster()


@pytest.fixture
def database(server: Cluster) -> str:
    return server.borrowed()


@pytest.fixture
def filled(server: Cluster, database: str, path: Path, signer: Signer) -> Place:
    place = Place(path, server.url(database, "tasks"))
    with Ledger.open(place) as ledger:
        fill(ledger, 3)
        ledger.checkpoint(signer)
    return place


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("SET search_path = provision_log")
        db.execute(statement.encode())


def body(**change: Any) -> bytes:
    fields = {
        "seq": 3, "type": "note.written", "version": 1, "at": "2026-04-01T03:00:00.000005Z", "actor": "a",
        "subjects": {"release": "r1"}, "payload": {}, "key": "",
    }  # fmt: skip
    return rfc8785.dumps(fields | change)


# -- rights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", BY_HAND)
def test_no_login_changes_a_row_by_hand(
    server: Cluster, database: str, filled: Place, signer: Signer, statement: str
) -> None:
    for login in LOGINS:
        with pytest.raises(DENIED):
            run(server.url(database, login), statement)
    assert verify(filled, public_key=signer.public).ok


@pytest.mark.parametrize(
    ("login", "call"),
    [("auditor", "SELECT append('')"), ("nobody", "SELECT append('')"), ("pages", "SELECT keep(3, 'x')")],
)
def test_who_may_not_call_a_function_is_turned_away(
    server: Cluster, database: str, filled: Place, login: str, call: str
) -> None:
    with pytest.raises(DENIED):
        run(server.url(database, login), call)


@pytest.mark.parametrize("table", postgrescatalogue.TABLES)
def test_even_the_administrator_has_to_switch_the_triggers_off(server: Cluster, filled: Place, table: str) -> None:
    for words in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET {_column(table)} = 1"):
        for before in ("", "SET session_replication_role = replica; "):
            with pytest.raises(psycopg.Error, match="append-only"):
                run(filled.url.replace("//tasks:", "//admin:"), before + words)


def _column(table: str) -> str:
    return {"node": "idx", "checkpoint": "number"}.get(table, "seq")


def test_pages_write_entries_and_sign_nothing(server: Cluster, database: str, path: Path, signer: Signer) -> None:
    with Ledger.open(Place(path, server.url(database, "pages"))) as ledger:
        fill(ledger, 2)
        with pytest.raises(FixConfiguration, match="may not"):
            ledger.checkpoint(signer)
        assert ledger.size == 2


def test_an_auditor_verifies_and_copies_and_writes_nothing(
    server: Cluster, database: str, filled: Place, signer: Signer, tmp_path: Path
) -> None:
    place = Place(filled.path, server.url(database, "auditor"))
    assert verify(place, public_key=signer.public).ok
    with Ledger.open(place) as ledger:
        assert verify(copy(ledger, tmp_path / "copy"), public_key=signer.public) == verify(
            place, public_key=signer.public
        )
        with pytest.raises(FixConfiguration, match="may not"):
            fill(ledger, 1)


# -- the one function trusts nobody ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        body(seq=2),
        body(seq=4),
        body(seq=-1),
        body(seq="x"),
        body(type=None),
        body(key="k1"),  # taken by entry 1
        b"{}",
        b"",
        b"\xff\xfe",
        b"null",
    ],
    ids=str,
)
def test_what_is_no_next_entry_is_not_written(filled: Place, signer: Signer, data: bytes) -> None:
    with psycopg.connect(filled.url, autocommit=True) as db, pytest.raises(psycopg.Error):
        db.execute("SELECT provision_log.append(%s)", (data,))
    assert verify(filled, public_key=signer.public).size == 3


def test_hashes_and_indexes_are_the_functions_own(filled: Place, signer: Signer) -> None:
    with psycopg.connect(filled.url, autocommit=True) as db:
        db.execute("SELECT provision_log.append(%s)", (body(key="new", payload={"text": "a\0b\\u0000"}),))
    assert verify(filled, public_key=signer.public).ok
    with Ledger.open(filled) as ledger:
        fill(ledger, 1)
        assert ledger.entry(3).payload == {"text": "a\0b\\u0000"}
        assert [entry.seq for entry in ledger.entries(kind="release", subject="r1")][-2:] == [3, 4]


@pytest.mark.parametrize(("size", "note"), [(4, "x"), (2, "x")])
def test_a_checkpoint_of_another_size_is_not_kept(filled: Place, size: int, note: str) -> None:
    with psycopg.connect(filled.url, autocommit=True) as db, pytest.raises(psycopg.Error, match="another log"):
        db.execute("SELECT provision_log.keep(%s, %s)", (size, note))


# -- changed rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE entry DISABLE TRIGGER only_grows", "triggers"),
        ("ALTER TABLE node ENABLE TRIGGER only_grows", "triggers"),
        ("DROP TRIGGER only_grows ON checkpoint", "triggers"),
        ("CREATE TABLE more (a int)", "tables"),
        ("ALTER TABLE entry OWNER TO admin", "tables"),
        ("CREATE RULE other AS ON INSERT TO key DO INSTEAD NOTHING", "tables"),
        ("ALTER FUNCTION append(bytea) SECURITY INVOKER", "functions"),
        ("ALTER FUNCTION keep(bigint, text) RESET search_path", "functions"),
        ("CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'", "functions"),
        (
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = provision_log,"
            " pg_temp AS 'BEGIN RETURN NULL; END'",
            "functions",
        ),
        ("GRANT INSERT ON entry TO tokumei_writer", "rights on the tables"),
        ("GRANT DELETE ON checkpoint TO public", "rights on the tables"),
        ("GRANT UPDATE (bytes) ON entry TO nobody", "rights on the tables"),
        ("GRANT EXECUTE ON FUNCTION keep(bigint, text) TO tokumei_writer", "rights on the functions"),
        ("GRANT EXECUTE ON FUNCTION append(bytea) TO public", "rights on the functions"),
    ],
)
def test_a_changed_rule_is_found(server: Cluster, database: str, change: str, said: str) -> None:
    with psycopg.connect(server.url(database)) as admin:
        assert postgrescatalogue.differences(admin) == []
        admin.execute("SET search_path = provision_log")
        admin.execute(change.encode())
        assert said in postgrescatalogue.differences(admin)[0]
        admin.rollback()


def test_a_changed_rule_is_a_problem_of_the_log(server: Cluster, database: str, filled: Place, signer: Signer) -> None:
    run(server.url(database), "ALTER TABLE entry DISABLE TRIGGER only_grows")
    try:
        (problem,) = verify(filled, public_key=signer.public).problems
        assert "triggers" in problem.what
    finally:
        run(server.url(database), "ALTER TABLE entry ENABLE ALWAYS TRIGGER only_grows")


# -- failures --------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_asked_again_later(path: Path) -> None:
    place = Place(path, "postgresql://tasks:secret@127.0.0.1:1/none")
    for attempt in (lambda: Ledger.open(place), lambda: verify(place, public_key=None)):
        with pytest.raises(RetryLater) as caught:
            attempt()
        assert "secret" not in str(caught.value)


def test_a_wrong_password_or_database_is_for_a_person(server: Cluster, database: str, path: Path) -> None:
    wrong = [
        server.url(database, "tasks").replace(server.password, "guessed"),
        server.url("no_such_database"),
        server.url(database, "no_such_login"),
    ]
    for url in wrong:
        with pytest.raises(FixConfiguration, match="turns the login away"):
            Ledger.open(Place(path, url))


def test_the_password_may_come_from_the_environment(
    server: Cluster, database: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(postgres.PASSWORD, server.password)
    with Ledger.open(Place(path, server.url(database, "tasks").replace(f":{server.password}", ""))) as ledger:
        assert ledger.size == 0


def test_a_database_without_a_log_is_not_taken_for_an_empty_one(server: Cluster, path: Path) -> None:
    with pytest.raises(FixConfiguration, match="no ledger"):
        Ledger.open(Place(path, server.url("postgres", "tasks")))


def test_a_server_that_does_not_sync_is_not_written_to(server: Cluster, filled: Place, signer: Signer) -> None:
    server.execute("postgres", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    try:
        _until(server, "off")
        with pytest.raises(FixConfiguration, match="fsync"):
            Ledger.open(filled)
        assert verify(filled, public_key=signer.public).ok
    finally:
        server.execute("postgres", "ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
        _until(server, "on")


def _until(server: Cluster, fsync: str) -> None:
    """A reload reaches the next connection a moment later."""
    for _ in range(1000):
        with psycopg.connect(server.url("postgres")) as db:
            if db.execute("SHOW fsync").fetchone() == (fsync,):
                return
    raise AssertionError


def test_a_writer_that_waited_long_enough_says_try_again(filled: Place) -> None:
    with Ledger.open(filled) as other, psycopg.connect(filled.url) as holder:
        holder.execute("SELECT provision_log.lock()")
        other.select("SET lock_timeout = '50ms'")
        with pytest.raises(RetryLater, match="another writer"):
            fill(other, 1)
        holder.rollback()
        fill(other, 1)


def test_a_connection_that_breaks_off_is_tried_again_under_the_same_key(
    server: Cluster, filled: Place, signer: Signer
) -> None:
    with Ledger.open(filled) as ledger:
        (pid,) = ledger.select("SELECT pg_backend_pid()").fetchone()
        server.execute("postgres", f"SELECT pg_terminate_backend({pid}, 10000)")
        with pytest.raises(RetryLater):
            fill(ledger, 1)
    with Ledger.open(filled) as ledger:
        fill(ledger, 1)
    assert verify(filled, public_key=signer.public).size == 4


def test_a_text_postgresql_cannot_look_for_is_refused(filled: Place) -> None:
    with Ledger.open(filled) as ledger, pytest.raises(Refused):
        list(ledger.entries(subject="a\0"))


def test_values_in_errors_of_the_database_are_not_passed_on(filled: Place) -> None:
    with Ledger.open(filled) as ledger:
        with pytest.raises((Refused, LedgerBroken)) as caught:
            ledger.select("SELECT ?::int", ("架空 太郎",))
        assert "架空" not in str(caught.value)
        assert caught.value.__cause__ is None


# -- the setting -----------------------------------------------------------------------------------------------------


def test_the_setting_says_where_the_log_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zones = Zones(tmp_path)
    monkeypatch.delenv("TOKUMEI_LEDGER", raising=False)
    assert place_of(zones) == Place(tmp_path / "ledger" / "ledger.db")
    monkeypatch.setenv("TOKUMEI_LEDGER", "postgresql://tasks@db/tokumei")
    assert place_of(zones) == Place(tmp_path / "ledger" / "ledger.db", "postgresql://tasks@db/tokumei")
    monkeypatch.setenv("TOKUMEI_LEDGER", "mysql://tasks:secret@db/tokumei")
    with pytest.raises(FixConfiguration) as caught:
        place_of(zones)
    assert "secret" not in str(caught.value)


def test_a_copy_is_what_the_database_holds(filled: Place, signer: Signer, tmp_path: Path) -> None:
    with Ledger.open(filled) as ledger:
        copied = copy(ledger, tmp_path / "copy")
        with closing(Place(copied).read_only()) as there:
            for table in postgrescatalogue.TABLES:
                query = f"SELECT * FROM {table} ORDER BY 1, 2"
                assert list(there.select(query)) == list(ledger.select(query)), table
    assert json.dumps(verify(copied, public_key=signer.public).as_json())


# -- moving ----------------------------------------------------------------------------------------------------------


def test_a_log_moves_from_a_file_with_its_tree_and_its_receipts(
    server: Cluster, database: str, path: Path, signer: Signer
) -> None:
    with Ledger.open(path) as old:
        fill(old, 7)
        note = old.checkpoint(signer)
        given = receipt(old, 3, signer)
        with LedgerReader.read(path) as reader:
            assert move(reader, Place(path, server.url(database, "tasks"))) == 7
        with LedgerReader.read(path) as reader, pytest.raises(Refused, match="has entries"):
            move(reader, Place(path, server.url(database, "tasks")))
    place = Place(path, server.url(database, "tasks"))
    with Ledger.open(place) as ledger:
        assert verify_receipt(given, ledger.entry_bytes(3), signer.public).size == 7
        assert ledger.checkpoint(signer) == note
        fill(ledger, 2)
        ledger.checkpoint(signer)
    assert verify(place, public_key=signer.public, checkpoint_notes=[note]).ok


def test_a_move_that_dies_leaves_nothing(
    server: Cluster, database: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(path) as old:
        fill(old, 5)
    target = Place(path.with_name("elsewhere.db"), server.url(database, "tasks"))
    with LedgerReader.read(path) as reader, monkeypatch.context() as patched:
        patched.setattr(reader, "root", lambda: b"another")
        with pytest.raises(LedgerBroken, match="not the old one"):
            move(reader, target)
    with LedgerReader.read(target) as reader:
        assert reader.size == 0


# -- docker-compose.ledger.yml ---------------------------------------------------------------------------------------


def test_the_database_of_the_compose_file_is_made_by_its_scripts(server: Cluster, path: Path, signer: Signer) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.ledger.yml").read_text("utf-8"))["services"]
    mounts = [volume.split(":")[:2] for volume in compose["ledger-database"]["volumes"] if volume.startswith("./")]
    assert [Path(inside).parent for _, inside in mounts] == [Path("/docker-entrypoint-initdb.d")] * 3
    server.execute("postgres", "CREATE DATABASE composed")
    environment = {
        "PATH": os.environ["PATH"], "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": server.password,
        "POSTGRES_USER": "admin", "POSTGRES_DB": "composed",
        "LEDGER_PAGES_PASSWORD": "it's fictitious", "LEDGER_TASKS_PASSWORD": "fictitious, too",
        "LEDGER_PORTAL_PASSWORD": "fictitious as well",
    }  # fmt: skip
    try:
        for script in sorted((inside, ROOT / outside) for outside, inside in mounts):
            command = ["psql", "-v", "ON_ERROR_STOP=1", "-U", "admin", "-d", "composed", "-f", str(script[1])]
            whole = ["bash", str(script[1])] if script[1].suffix == ".sh" else command
            subprocess.run(whole, env=environment, check=True, capture_output=True)
        for service, name in (("portal", "PORTAL"), ("airflow-scheduler", "TASKS"), ("airflow-apiserver", "PAGES")):
            address = compose[service]["environment"]["TOKUMEI_LEDGER"]
            login = address.removeprefix("postgresql://").partition("@")[0]
            password = quote(environment[f"LEDGER_{name}_PASSWORD"])
            url = f"postgresql://{login}:{password}@127.0.0.1:{server.port}/composed"
            with Ledger.open(Place(path, url)) as ledger:
                fill(ledger, 2)
                if name == "TASKS":
                    ledger.checkpoint(signer)
        assert verify(Place(path, url), public_key=signer.public).size == 6
    finally:
        server.drop("composed")
        server.execute("postgres", *(f"DROP ROLE IF EXISTS tokumei_{name}" for name in ("pages", "portal", "tasks")))


def test_secrets_of_the_compose_file_are_required_and_held_by_who_needs_them() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.ledger.yml").read_text("utf-8"))["services"]
    held = {name: set(re.findall(r"\$\{(\w+):\?", json.dumps(service))) for name, service in services.items()}
    assert held["airflow-apiserver"] == {"LEDGER_PAGES_PASSWORD"}
    assert held["portal"] == {"LEDGER_PORTAL_PASSWORD"}
    assert held["airflow-scheduler"] == {"LEDGER_TASKS_PASSWORD"}
    assert "LEDGER_ADMIN_PASSWORD" in held.pop("ledger-database")
    assert json.dumps(services).count("${") == json.dumps(services).count(":?")
