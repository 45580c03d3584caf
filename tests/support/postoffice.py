"""A real mail system: Postfix that takes, keeps and returns messages, and Dovecot that serves the mailboxes by IMAP.

Needs root, as both change users, and the Debian packages postfix and dovecot-imapd (``make setup-all``). Mailboxes
are ``tokumei@operator.example``, ours, and ``data@minami.example``; any other name there bounces; nobody answers for
``late.example``.
"""

from __future__ import annotations

import json
import secrets
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from imaplib import IMAP4_SSL
from pathlib import Path

from demo.servers.process import HOST, LocalServer, banner, free_ports
from demo.servers.tls import make_tls

SENDER, KNOWN, UNKNOWN, LATE = (
    "tokumei@operator.example",
    "data@minami.example",
    "nobody@minami.example",
    "data@late.example",
)
_NOBODY = 65534

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = /
myhostname = mx.operator.example
mydestination =
inet_interfaces = {host}
inet_protocols = ipv4
virtual_mailbox_domains = operator.example minami.example
virtual_mailbox_base = {mail}
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_mailbox_limit = 0
transport_maps = texthash:{folder}/transport
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {tls.certificate}
smtpd_tls_key_file = {tls.key}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_reject_unlisted_recipient = no
delay_warning_time = 1s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
"""

_MASTER = """\
{host}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_DOVECOT = """\
protocols = imap
listen = {host}
base_dir = {folder}/run
log_path = {folder}/server.log
ssl = required
ssl_cert = <{tls.certificate}
ssl_key = <{tls.key}
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={mail}
}}
mail_location = maildir:{mail}/%d/%n
first_valid_uid = 1
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
"""


class Dovecot(LocalServer):
    """Mailboxes over TLS, and the passwords that Postfix asks for."""

    program = "dovecot"

    def __init__(self, folder: Path, mail: Path) -> None:
        super().__init__(folder)
        self.mail, self.password, self.auth = mail, secrets.token_urlsafe(18), self.folder / "auth"
        self.tls = make_tls(self.folder / "tls")

    def prepare(self) -> Sequence[str]:
        """Settings with a password of this run."""
        (self.port,) = free_ports(1)
        path = self.folder / "dovecot.conf"
        facts = {"folder": self.folder, "mail": self.mail, "tls": self.tls, "password": self.password}
        path.write_text(_DOVECOT.format(host=HOST, port=self.port, nobody=_NOBODY, **facts))
        return ["/usr/sbin/dovecot", "-F", "-c", str(path)]

    def answers(self) -> bool:
        """True once it lets us in."""
        try:
            context = ssl.create_default_context(cafile=str(self.tls.authority))
            with IMAP4_SSL(HOST, self.port, ssl_context=context, timeout=5) as server:
                server.login(SENDER, self.password)
            return True
        except (OSError, IMAP4_SSL.error):
            return False

    def connection_json(self) -> str:
        """Our mailbox."""
        extra = {"ca_file": str(self.tls.authority)}
        return json.dumps(
            {"host": HOST, "port": self.port, "login": SENDER, "password": self.password, "extra": extra}
        )  # fmt: skip


class Postfix(LocalServer):
    """Submission with STARTTLS and AUTH."""

    program = "master"

    def __init__(self, folder: Path, dovecot: Dovecot) -> None:
        super().__init__(folder)
        self.dovecot = dovecot

    def prepare(self) -> Sequence[str]:
        """Settings, tables and the folders Postfix wants."""
        (self.port,) = free_ports(1)
        facts = {"folder": self.folder, "host": HOST, "port": self.port, "nobody": _NOBODY}
        facts |= {"mail": self.dovecot.mail, "tls": self.dovecot.tls, "auth": self.dovecot.auth}
        (self.folder / "main.cf").write_text(_MAIN.format(**facts))
        (self.folder / "master.cf").write_text(_MASTER.format(**facts))
        (self.folder / "transport").write_text("late.example smtp:[127.0.0.1]:1\n")
        places = [f"{each} {each.partition('@')[2]}/{each.partition('@')[0]}/\n" for each in (SENDER, KNOWN)]
        (self.folder / "mailboxes").write_text("".join(places))
        for name in ("queue", "data"):
            (self.folder / name).mkdir(exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        subprocess.run(["/usr/sbin/postfix", "-c", str(self.folder), "check"], check=True, capture_output=True)
        return ["/usr/lib/postfix/sbin/master", "-c", str(self.folder), "-d"]

    def answers(self) -> bool:
        """True once it greets."""
        return banner(self.port, b"220 ")

    def connection_json(self) -> str:
        """As an operator would write it."""
        extra = {"ca_file": str(self.dovecot.tls.authority), "from_email": SENDER}
        account = {"login": SENDER, "password": self.dovecot.password}
        return json.dumps({"host": HOST, "port": self.port, **account, "extra": extra})


@contextmanager
def post_office() -> Iterator[tuple[Postfix, Dovecot]]:
    """Both, in a folder of their own that every user may enter."""
    root = Path(tempfile.mkdtemp(prefix="post-"))
    root.chmod(0o755)
    mail = root / "mail"
    for address in (SENDER, KNOWN):
        name, _, domain = address.partition("@")
        for part in ("new", "cur", "tmp"):
            (mail / domain / name / part).mkdir(parents=True, exist_ok=True)
    for path in (mail, *mail.rglob("*")):
        shutil.chown(path, _NOBODY, _NOBODY)
    for name in ("postfix", "dovecot"):
        (root / name).mkdir()
    try:
        with Dovecot(root / "dovecot", mail) as dovecot, Postfix(root / "postfix", dovecot) as postfix:
            yield postfix, dovecot
    finally:
        shutil.rmtree(root, ignore_errors=True)
