"""戻りの郵便箱: reading the mailbox that status notes about our messages come back to, a Maildir or an IMAP folder.

A message is offered until it is put aside (Maildir flag ``S``, IMAP flag ``\\Seen``); nothing is ever deleted.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from provision.connections import Credentials, Resolver
from provision.errors import FixConfiguration, RetryLater, TokumeiError
from provision.model import ImapReturns, MaildirReturns
from provision.remote.tls import verifying

#: Larger messages are nothing we can have caused: status notes hold our header at most.
LARGEST = 1_000_000


class Mailbox(Protocol):
    """Messages that nobody has put aside yet."""

    def messages(self) -> Iterator[tuple[str, bytes | None]]:
        """Name and content of each; None where it is larger than `LARGEST`."""

    def put_aside(self, name: str) -> None:
        """Do not offer it again."""


def opened(settings: MaildirReturns | ImapReturns, resolver: Resolver) -> AbstractContextManager[Mailbox]:
    """The configured mailbox. `FixConfiguration` (folder, login, certificate), `RetryLater` (network)."""
    if isinstance(settings, MaildirReturns):
        return nullcontext(Maildir(Path(settings.folder)))
    return _imap(settings, resolver.get(settings.connection))


class Maildir:
    """A folder of files: ``new/`` what nobody looked at, ``cur/`` with flags behind a colon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not all((folder / each).is_dir() for each in ("new", "cur")):
            raise FixConfiguration(
                "there is no Maildir here",
                where="platform.yaml, returns.folder",
                rule="returns.folder",
                remedy="name the folder that holds new/ and cur/, and mount it where this runs",
            )

    def messages(self) -> Iterator[tuple[str, bytes | None]]:
        """See `Mailbox`."""
        for path in sorted([*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()]):
            if path.is_symlink() or not path.is_file() or "S" in path.name.rpartition(":2,")[2]:
                continue
            name = path.relative_to(self.folder).as_posix()
            with suppress(FileNotFoundError):  # somebody reads the same mailbox
                yield name, path.read_bytes() if path.stat().st_size <= LARGEST else None

    def put_aside(self, name: str) -> None:
        """See `Mailbox`."""
        plain, _, flags = Path(name).name.partition(":2,")
        flags = "".join(sorted({*flags, "S"}))
        with suppress(FileNotFoundError):
            (self.folder / name).rename(self.folder / "cur" / f"{plain}:2,{flags}")


class Imap:
    """A selected folder on a server (RFC 3501)."""

    def __init__(self, server: imaplib.IMAP4_SSL) -> None:
        self.server = server

    def messages(self) -> Iterator[tuple[str, bytes | None]]:
        """See `Mailbox`."""
        _, found = self.server.uid("SEARCH", "UNSEEN")
        for number in (found[0] or b"").decode().split():
            _, about = self.server.uid("FETCH", number, "(RFC822.SIZE)")
            size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(each for each in about if isinstance(each, bytes)))
            if size is not None:
                yield number, self._content(number) if int(size.group(1)) <= LARGEST else None

    def _content(self, number: str) -> bytes | None:
        _, parts = self.server.uid("FETCH", number, "(BODY.PEEK[])")
        return next((bytes(each[1]) for each in parts if isinstance(each, tuple)), None)

    def put_aside(self, name: str) -> None:
        """See `Mailbox`."""
        self.server.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)")


@contextmanager
def _imap(settings: ImapReturns, credentials: Credentials) -> Iterator[Mailbox]:
    where = f"connection {settings.connection}"
    with _translated(where):
        server = _logged_in(credentials, where)
        try:
            said, _ = server.select(f'"{settings.folder}"')
            if said != "OK":
                raise _wrong("there is no such folder", where, "correct returns.folder in platform.yaml")
            yield Imap(server)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                server.logout()


def _logged_in(credentials: Credentials, where: str) -> imaplib.IMAP4_SSL:
    context = verifying(credentials, where, "returns.connection")
    timeout = float(credentials.extra.get("timeout") or 60)
    server = imaplib.IMAP4_SSL(credentials.host, credentials.port or 993, ssl_context=context, timeout=timeout)
    try:
        server.login(credentials.login, credentials.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        server.shutdown()
        raise _wrong("the server does not let us in", where, "correct login and password") from None
    return server


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """No text of the server is repeated."""
    try:
        yield
    except TokumeiError:
        raise
    except ssl.SSLCertVerificationError as error:
        what = f"the server's certificate is not trusted: {error.verify_message}"
        raise _wrong(what, where, "name the issuing authority in the extra ca_file") from None
    except (imaplib.IMAP4.error, OSError) as error:
        raise RetryLater(
            f"no talk with the server ({type(error).__name__})",
            where=where,
            rule="returns.network",
            remedy="the same is tried again; check host and port if this goes on",
        ) from None


def _wrong(what: str, where: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(what, where=where, rule="returns.connection", remedy=remedy)
