"""PostgreSQL's errors in our words, by what the operator can do. Its own texts quote values and are never passed on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from provision.errors import FixConfiguration, LedgerBroken, Refused, RetryLater, TokumeiError

_UNPREPARED = (errors.UndefinedTable, errors.UndefinedFunction, errors.InvalidSchemaName)
#: What a server says that will be there in a moment.
_SOON = ("starting up", "shutting down", "in recovery mode", "too many", "remaining connection slots")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn errors of the database called `where` into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error, where) from None


def _ours(error: psycopg.Error, where: str) -> TokumeiError:
    if isinstance(error, errors.LockNotAvailable):
        return RetryLater("another writer holds the ledger", where=where, rule="ledger.busy", remedy="try again")
    if isinstance(error, errors.DiskFull):
        what = "the disk under the ledger does not take writes"
        return RetryLater(what, where=where, rule="ledger.disk", remedy="make room")
    if isinstance(error, errors.InsufficientPrivilege):
        what = "the login may not do this in the ledger's database"
        remedy = "give it tokumei_writer, tokumei_steward or tokumei_reader (docs/ledger.md)"
        return FixConfiguration(what, where=where, rule="ledger.rights", remedy=remedy)
    if isinstance(error, _UNPREPARED):
        what, remedy = "the database holds no ledger", "let its administrator run `tokumei ledger prepare`"
        return FixConfiguration(what, where=where, rule="ledger.place", remedy=remedy)
    if isinstance(error, psycopg.OperationalError):
        return _no_connection(error, where)
    if isinstance(error, psycopg.DataError) and not error.sqlstate:
        # Raised before anything is sent: a NUL in a text, for instance.
        return Refused("a value cannot be asked for", where=where, rule="ledger.query", remedy="ask for another")
    what = "the ledger's database is damaged or refused a write"
    return LedgerBroken(what, where=where, rule="ledger.database", remedy="run `tokumei ledger verify`")


def _no_connection(error: psycopg.OperationalError, where: str) -> TokumeiError:
    """A server that answers with FATAL was reached and says no; without, nobody answered."""
    said = str(error)
    if "FATAL" in said and not any(words in said for words in _SOON):
        what, remedy = "the database turns the login away", "check address, login, password and pg_hba.conf"
        return FixConfiguration(what, where=where, rule="ledger.login", remedy=remedy)
    what = "the ledger's database does not answer, or broke off"
    return RetryLater(
        what, where=where, rule="ledger.connection", remedy="try again; the same key gives the same entry"
    )
