"""鍵: ours are there, readable by nobody else and fit together; partners' keys do not run out next month."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from functools import partial

from provision.context import Context
from provision.doctor.finding import Finding, entries, failed
from provision.errors import TokumeiError
from provision.keys import SIGNING, signing_key_path
from provision.ledger.signing import Signer
from provision.model import OpenPgpKey
from provision.packaging.encryption.openpgp import end_of

#: Days before a partner's key ends that make a warning.
AHEAD = 45


def check(ctx: Context) -> Iterator[Finding]:
    """Files in the vault, the log's key, and every OpenPGP key of the configuration."""
    yield from _files(ctx)
    yield from _service(ctx)
    yield from _log_key(ctx)
    yield from _destroyed(ctx)
    for recipient in ctx.recipients.values():
        if isinstance(recipient.encryption, OpenPgpKey):
            yield from _ends(recipient.id, recipient.encryption)
    if ctx.platform.escrow_openpgp is not None:
        yield from _ends("platform.yaml, escrow_openpgp", ctx.platform.escrow_openpgp)


def _files(ctx: Context) -> Iterator[Finding]:
    folder = ctx.zones.home / "vault" / "keys"
    paths = sorted(folder.glob("*")) if folder.is_dir() else []
    for path in paths:
        state = path.stat()
        if state.st_mode & 0o077 or not stat.S_ISREG(state.st_mode):
            yield Finding("fail", "keys", f"vault/keys/{path.name}", "others may read it", "chmod 600")
        if state.st_uid != os.geteuid():
            yield Finding("warn", "keys", f"vault/keys/{path.name}", "another account owns it", "chown it")
        if path.suffix in {".tmp", ".former"}:
            yield Finding("warn", "keys", f"vault/keys/{path.name}", "a task that died left it", "remove it")
    yield Finding("good", "keys", "vault/keys", f"{len(paths)} files looked at")


def _service(ctx: Context) -> Iterator[Finding]:
    """A word is wrapped and unwrapped, where a service wraps our keys."""
    if ctx.platform.key_wrapping is None:
        return
    try:
        whole = ctx.keys.opened("doctor", ctx.keys.sealed("doctor", b"doctor")) == b"doctor"
    except TokumeiError as error:
        yield failed("keys", error, "key_wrapping")
        return
    level, what = ("good", "the service wraps and unwraps") if whole else ("fail", "it gave back another secret")
    yield Finding(level, "keys", "key_wrapping", what, "" if whole else "ask who runs it")  # type: ignore[arg-type]


def _log_key(ctx: Context) -> Iterator[Finding]:
    path = signing_key_path(ctx.keys)
    if not path.exists():
        lost = (ctx.zones.home / "ledger" / "checkpoints").is_dir()
        yield Finding(
            "fail" if lost else "good", "keys", "ledger-signing",
            "the log was signed before, and its key is not here" if lost else "made at the first checkpoint",
            "mount it (TOKUMEI_SIGNING_KEY), or tokumei keys rotate ledger-signing --lost log.vkey" if lost else "",
        )  # fmt: skip
        return
    try:
        signer = Signer.load(path, unseal=partial(ctx.keys.opened, SIGNING))
    except TokumeiError as error:
        yield failed("keys", error, "ledger-signing")
        return
    public = ctx.zones.home / "ledger" / "log.vkey"
    if public.exists() and signer.public not in public.read_text(encoding="utf-8").splitlines():
        yield Finding(
            "fail", "keys", "ledger/log.vkey", "it does not name the key that signs",
            "was the folder restored from elsewhere? compare with the key that auditors hold",
        )  # fmt: skip
    else:
        yield Finding("good", "keys", "ledger-signing", "it is there and is the one auditors are told")


def _destroyed(ctx: Context) -> Iterator[Finding]:
    """A batch that the log calls destroyed has no key any more: one that is there came back, from some copy."""
    for entry in entries(ctx, "batch.destroyed"):
        name = f"batch-{entry.subjects['batch']}"
        if ctx.keys.exists(name):
            yield Finding(
                "fail", "keys", f"vault/keys/{name}.key", "the log says that it was destroyed, and it is there",
                "find the copy it came from, destroy it, then remove this file",
            )  # fmt: skip


def _ends(where: str, key: OpenPgpKey) -> Iterator[Finding]:
    """Where gpg is missing, `programs` says so."""
    try:
        moment = end_of(key)
    except TokumeiError:
        return
    left = int((moment - time.time()) // 86_400) if moment else AHEAD
    if left < AHEAD:
        level, what = ("warn", f"ends in {left} days") if left >= 0 else ("fail", "has ended")
        remedy = "ask for the next one and confirm it"
        yield Finding(level, "keys", where, f"the OpenPGP key {what}", remedy)  # type: ignore[arg-type]


CHECK = check
