"""道具: programs, fonts and libraries outside Python, as far as this configuration needs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from provision import paper
from provision.context import Context
from provision.doctor.finding import Finding, failed
from provision.errors import TokumeiError


def check(ctx: Context) -> Iterator[Finding]:
    """Discs need xorriso, OpenPGP keys gpg, cover sheets and evidence a Japanese page; age is for trying a delivery."""
    channels = {channel.kind for recipient in ctx.recipients.values() for channel in recipient.channels}
    keys = {recipient.encryption.kind for recipient in ctx.recipients.values()}
    yield _program("xorriso", "fail" if "disc" in channels else "good", "discs are written with it")
    yield _program("gpg", "fail" if "openpgp" in keys else "good", "OpenPGP deliveries are sealed with it", "gnupg")
    yield _program("age", "warn", "a delivery is tried on the spot with it")
    try:
        paper.pdf("<!doctype html><html lang=ja><title>診断</title><p>紙に書ける</p></html>")
        yield Finding("good", "programs", "PDF", "a Japanese page can be set")
    except TokumeiError as error:
        yield failed("programs", error)


def _program(name: str, missing: str, why: str, package: str = "") -> Finding:
    if shutil.which(name):
        return Finding("good", "programs", name, "it is installed")
    if missing == "good":
        return Finding("good", "programs", name, "not installed and not needed")
    level = "fail" if missing == "fail" else "warn"
    return Finding(level, "programs", name, f"it is not installed; {why}", f"apt-get install {package or name}")  # type: ignore[arg-type]


CHECK = check
