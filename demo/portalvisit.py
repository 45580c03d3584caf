"""A recipient before the portal, without a browser: signs in with mail and code, accepts, fetches, confirms."""

from __future__ import annotations

import base64
import email
import email.policy
import html
import re
import time
from pathlib import Path

import requests

from demo.servers.smtp import SmtpServer
from provision.portal import totp

PATIENCE = 60.0


class PortalVisit:
    """One person's way; `fetch` and `confirm` come after `sign_in`."""

    def __init__(self, url: str, smtp: SmtpServer, address: str) -> None:
        self.url, self.smtp, self.address = url, smtp, address
        self._session = requests.Session()
        self._session.headers["Accept"] = "text/html"

    def sign_in(self) -> None:
        """Ask for a link, wait for the mail, set up an authenticator app, type its code."""
        before = len(self.smtp.messages(self.address))
        self._post("/signin", "/signin", address=self.address)
        link = self._link(before)
        secret = self._found(r"<code>((?:[A-Z2-7]{1,4} ?)+)</code>", link)
        step = int(time.time()) // totp.STEP_SECONDS
        self._post(link, link, code=totp.code(base64.b32decode(secret.replace(" ", "")), step))

    def fetch(self, folder: Path) -> str:
        """Accept the terms of the newest delivery and fetch its files into `folder`; gives the delivery's page."""
        page = self._found(r'href="(/releases/[^"]+)"', "/")
        self.accept(page)
        for link, name in re.findall(r'href="(/d/[0-9a-f]{40})" download="([^"]+)"', self._get(page).text):
            (folder / name).write_bytes(self._get(link).content)
        return page

    def accept(self, page: str) -> None:
        """Accept the terms a delivery's page shows."""
        self._post(f"{page}/accept", page, terms=self._found(r'name="terms" value="([0-9a-f]+)"', page), read="yes")

    def download_pass(self, page: str) -> str:
        """Text of the page with a new download pass and the commands for curl."""
        return html.unescape(self._post(f"{page}/pass", page).text)

    def confirm(self, page: str, digest: str) -> None:
        """Say that it opens, with the digest worked out from what was opened."""
        self._post(f"{page}/confirm", page, digest=digest[:8])

    def _link(self, before: int) -> str:
        """Path of the one-time link of the letter that comes."""
        give_up = time.monotonic() + PATIENCE
        while len(self.smtp.messages(self.address)) == before:
            if time.monotonic() > give_up:
                raise RuntimeError("the portal sent no one-time link")
            time.sleep(0.2)
        letter = self.smtp.messages(self.address)[-1].read_bytes()
        body = email.message_from_bytes(letter, policy=email.policy.default).get_body(("plain",))
        found = re.search(rf"{re.escape(self.url)}(/enter/\S+)", str(body.get_content()) if body else "")
        if found is None:
            raise RuntimeError("the portal's letter holds no one-time link")
        return found[1]

    def _found(self, pattern: str, path: str) -> str:
        found = re.search(pattern, self._get(path).text)
        if found is None:
            raise RuntimeError("a page of the portal is not as expected")
        return found[1]

    def _get(self, path: str) -> requests.Response:
        answer = self._session.get(self.url + path, timeout=PATIENCE)
        answer.raise_for_status()
        return answer

    def _post(self, path: str, at: str, **form: str) -> requests.Response:
        token = self._found(r'name="form" value="([0-9a-f]+)"', at)
        answer = self._session.post(self.url + path, data={"form": token, **form}, timeout=PATIENCE)
        answer.raise_for_status()
        return answer
