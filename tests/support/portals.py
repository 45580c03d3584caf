"""A recipients' portal for tests: a delivery that really happened, people who read their mail, a clock to turn."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import io
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage
import yaml
from fastapi.testclient import TestClient
from httpx import Response

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision import releasing
from provision.accesslog.places import opened
from provision.context import open_context
from provision.portal import totp
from provision.portal.app import create
from provision.portal.desk import Desk, open_desk
from tests.support.consignments import Connections
from tests.support.releases import published_release, write_config
from tests.support.servers import BUCKET

RECIPIENT, PLAN = "aozora-pharma", "linked-for-pharma"
CONTACT, MEMBER = "kanri@aozora-pharma.example", "kenkyu@aozora-pharma.example"
#: Another organisation with a portal, and its contact.
OTHER, STRANGER = "tsukishima-university", "data@tsukishima-univ.example"
URL = "https://portal.example"
HTML = {"Accept": "text/html", "Accept-Language": "ja"}


@dataclass(frozen=True)
class Template:
    """What `delivered` leaves: to be copied, never used itself."""

    folder: Path
    connections: Connections
    smtp: SmtpServer
    s3: S3Server
    identity: pyrage.x25519.Identity
    order: str


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change a YAML file; `change` alters its contents in place."""
    data = yaml.safe_load(path.read_text("utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def configure(config: Path, url: str) -> None:
    """Portals for two recipients; the bucket of the tests."""
    edit(config / "platform.yaml", lambda data: data.update(portal_url=url))
    ours = config / "recipients" / f"{RECIPIENT}.yaml"
    edit(ours, lambda data: data["portal"].update(contact=CONTACT))
    # A place of its own for every world: the same order of two worlds holds different bytes.
    own = f"{RECIPIENT}/{secrets.token_hex(4)}"
    edit(ours, lambda data: data["channels"][0].update(bucket=BUCKET, prefix=own))
    theirs = {"contact": STRANGER, "domains": ["tsukishima-univ.example"], "mail_connection": "tokumei_smtp"}
    edit(config / "recipients" / f"{OTHER}.yaml", lambda data: data.update(portal=theirs))


def delivered(folder: Path, smtp: SmtpServer, s3: S3Server, *, size: int, url: str = URL) -> Template:
    """Deliver a release of `size` random bytes to the recipient's bucket by the real steps."""
    identity = write_config(folder / "config")
    configure(folder / "config", url)
    connections = Connections(tokumei_smtp=smtp.connection_json(), tokumei_s3=s3.connection_json())
    release = published_release(folder / "config", folder / "home", PLAN, size)
    context = open_context(connections, folder=folder / "config", home=folder / "home")
    with context.ledger:
        receipt = releasing.deliver(context, release, actor="test")
    return Template(folder, connections, smtp, s3, identity, str(receipt["order"]))


@dataclass
class Clock:
    """Now, and what a test adds to it."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Portal:
    """A running portal (in this process), its parts, and everybody's authenticator apps."""

    desk: Desk
    config: Path
    client: TestClient
    template: Template
    clock: Clock
    seeds: dict[str, bytes] = field(default_factory=dict)

    @property
    def order(self) -> str:
        """The delivery there is."""
        return self.template.order

    @property
    def page(self) -> str:
        """Its page."""
        return f"/releases/{self.order}"

    def browser(self) -> TestClient:
        """Another browser, of somebody else or somewhere else; on the same event loop, as in a real server."""
        other = TestClient(self.client.app, base_url=URL, follow_redirects=False, headers=HTML)
        other.portal = self.client.portal
        return other

    def edit(self, file: str, change: Callable[[Any], object]) -> None:
        """Change the configuration."""
        edit(self.config / file, change)

    def letters(self, address: str) -> list[str]:
        """Texts of the messages to an address, oldest first."""
        return [text_of(path) for path in self.template.smtp.messages(address)]

    def link(self, address: str) -> str:
        """Path of the newest one-time link sent to an address."""
        return newest_link(next(text for text in reversed(self.letters(address)) if "/enter/" in text))

    def code(self, address: str) -> str:
        """What the authenticator app of an address shows next: time goes on by a step, so that no code comes twice."""
        self.clock.ahead += totp.STEP_SECONDS
        return totp.code(self.seeds[address], int(self.clock()) // totp.STEP_SECONDS)

    def sign_in(self, address: str, browser: TestClient | None = None) -> TestClient:
        """Ask for a link, read the mail, set up the app where it is the first time, type the code."""
        browser = browser or self.client
        asked = post(browser, "/signin", {"address": address}, at="/signin")
        assert asked.status_code == 200
        return self.enter(address, self.link(address), browser)

    def enter(self, address: str, link: str, browser: TestClient | None = None) -> TestClient:
        """Use a one-time link."""
        browser = browser or self.client
        seed = seed_on(browser.get(link).text)
        if seed:
            self.seeds[address] = seed
        entered = post(browser, link, {"code": self.code(address)}, at=link)
        assert entered.status_code == 303, entered.text
        return browser

    def accept(self, browser: TestClient | None = None) -> Response:
        """Read and accept the terms."""
        browser = browser or self.client
        found = re.search(r'name="terms" value="([0-9a-f]{64})"', browser.get(self.page).text)
        assert found, "the page asks for no acceptance"
        return post(browser, f"{self.page}/accept", {"terms": found[1], "read": "yes"}, at=self.page)

    def links(self, browser: TestClient | None = None) -> list[str]:
        """Paths of the personal links on the page: of the data, then of the envelope."""
        found = re.findall(r'href="(/d/[0-9a-f]{40})"', (browser or self.client).get(self.page).text)
        return list(dict.fromkeys(found))

    def log(self, type: str) -> list[Any]:
        """Entries of the provision log."""
        with self.desk.context() as ctx:
            return list(ctx.ledger.entries(type=type))

    def visits(self) -> list[tuple[str, str, str]]:
        """The access log: actor, action, subject."""
        with opened(self.desk.zones) as log:
            found = log.newest(1000, room="portal")
        return [(visit.actor, visit.action, visit.subject) for visit in reversed(found)]

    def refusals(self) -> list[tuple[str, str]]:
        """Rules and subjects of what was refused."""
        return [(action.removeprefix("refused-"), about) for _, action, about in self.visits() if "refused-" in action]


@contextmanager
def opened_portal(template: Template, folder: Path) -> Iterator[Portal]:
    """A copy of the template, opened."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    clock = Clock()
    desk = open_desk(
        folder=folder / "config", home=folder / "home", resolver=template.connections, clock=clock
    )  # fmt: skip
    app = create(desk, schema=True)
    with TestClient(app, base_url=URL, follow_redirects=False, headers=HTML) as client:
        yield Portal(desk, folder / "config", client, template, clock)


def text_of(path: Path) -> str:
    """The text of a message."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def newest_link(letter: str) -> str:
    """Path of the one-time link in a letter."""
    found = re.search(r"https?://[^/\s]+(/enter/\S+)", letter)
    assert found, letter
    return found[1]


def seed_on(page: str) -> bytes:
    """The key an authenticator app is set up with, as a person types it; empty where the page shows none."""
    found = re.search(r"<code>((?:[A-Z2-7]{1,4} ?)+)</code>", page)
    return base64.b32decode(found[1].replace(" ", "")) if found else b""


def post(browser: TestClient, path: str, data: Mapping[str, str], *, at: str) -> Response:
    """Send a form as the page `at` has it: with its token."""
    found = re.search(r'name="form" value="([0-9a-f]+)"', browser.get(at).text)
    assert found, f"no form on {at}"
    return browser.post(path, data={"form": found[1], **data})  # type: ignore[no-any-return]


def digest_of(cipher: bytes, portal: Portal) -> str:
    """D, worked out as the recipient does: decrypt, unpack, hash the tag manifest."""
    plain = pyrage.decrypt(cipher, [portal.template.identity])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("tagmanifest-sha256.txt"))
        return hashlib.sha256(archive.read(name)).hexdigest()
