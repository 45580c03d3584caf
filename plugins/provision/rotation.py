"""鍵の交代: which keys there are, how each is made anew, and what its former holder could still do.

Every rotation may die anywhere and be run again. Nothing else may run meanwhile (stop the scheduler): a task in flight
would go on with the former key. What each kind takes is in docs/operations.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from expectations.known_values import KnownValues, UnusableIndex
from provision import logkeys
from provision.acknowledging import KEY as ACKNOWLEDGEMENT
from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.intake.fingerprints import KEY as KNOWN
from provision.intake.fingerprints import index_keys
from provision.keys import ROTATED, SIGNING, FileKeys, erase, signing_key_path
from provision.ledger.notes import parse
from provision.ledger.signing import Signer, Verifier
from provision.persons.register import KEY as REGISTER
from provision.store import flush

MARKS = "landing-marks"
#: Keys that are simply made again when they are needed, and what that does.
_SIMPLE = {
    MARKS: "drops that stay at their senders are looked at once more and found to be received",
    ACKNOWLEDGEMENT: "links in messages sent before do not work any more: confirm these deliveries by command",
}


@dataclass(frozen=True)
class Kind:
    """Keys whose names begin alike: what they do, and why they cannot be made anew where they cannot."""

    purpose: str
    kept: str = ""


_PERIOD = (
    "what it keyed cannot be keyed anew, since the identifiers are gone: tokumei retention end-period SCOPE; later"
    " batches have a new one"
)
KINDS = {
    "link-": Kind("tokens of the vault: who is the same person", _PERIOD),
    "claim-": Kind("which claims are the same one over time", _PERIOD),
    KNOWN: Kind("fingerprints of what was received"),
    MARKS: Kind("which drops were looked at"),
    SIGNING: Kind("signs the log's checkpoints"),
    ACKNOWLEDGEMENT: Kind("links by which recipients say that a message arrived"),
    REGISTER: Kind("the register of vetoes", "remove its file, then tokumei person reopen with the operator's own key"),
    "request-": Kind("a request of a person", "carry the request out or reject it: its key goes with it"),
    "batch-": Kind("a received batch", "take the batch in: its key is destroyed with it"),
    "quarantine-": Kind("a batch in quarantine", "look at it and let the clock destroy it, or destroy it now"),
}


def kind_of(name: str) -> Kind:
    """What a key is for; `Refused` where no rule says."""
    for beginning, kind in KINDS.items():
        if name.startswith(beginning):
            return kind
    raise Refused("no rule says what this key is for", where=name, rule="keys.kind", remedy="tokumei keys list")


def rotate(ctx: Context, name: str, *, actor: str, compromised: bool = False, lost: str = "") -> str:
    """Make a key anew; gives what was done, in words. `compromised`: what only the former key protected is destroyed.
    `lost`: the public part of a signing key that is not here any more. `Refused` where its kind cannot be made anew."""
    kind = kind_of(name)
    if kind.kept:
        raise Refused("this key cannot be made anew", where=name, rule="keys.rotate", remedy=kind.kept)
    if name == SIGNING:
        return _signing(ctx, actor, lost)
    if name not in ctx.keys.names():
        raise Refused("there is no such key", where=name, rule="keys.rotate", remedy="tokumei keys list")
    if name == KNOWN:
        return _known(ctx, actor, compromised)
    if name in _SIMPLE:
        ctx.keys.destroy(name)
        _enter(ctx, actor, name, {})
        return _SIMPLE[name]
    raise Refused("a former key is not made anew", where=name, rule="keys.rotate", remedy="name the one in use")


def _enter(ctx: Context, actor: str, name: str, payload: dict[str, object], key: str | None = None) -> None:
    ctx.ledger.append(ROTATED, actor=actor, subjects={"key": name}, payload=payload, key=key)


# -- the log's signing key -------------------------------------------------------------------------------------------


def _signing(ctx: Context, actor: str, lost: str) -> str:
    """The former key vouches once more, for an entry that names the next; then it signs nothing that is believed."""
    path = signing_key_path(ctx.keys)
    following, former = path.with_suffix(".next"), path.with_suffix(".former")
    _forget(former, path)
    if not path.exists() and not lost:
        raise FixConfiguration(
            "the signing key is not here", where=path.name, rule="keys.rotate",
            remedy="mount it; where it is lost, name the log's public key as auditors hold it (--lost log.vkey)",
        )  # fmt: skip
    if not following.exists():
        Signer.create(following, seal=partial(ctx.keys.sealed, SIGNING))
    new = Signer.load(following, unseal=partial(ctx.keys.opened, SIGNING))
    publics = [line for line in (ctx.log_keys if path.exists() else lost).splitlines() if line.strip()]
    told: dict[str, object] = {"new": new.public, "former": publics[0], "lost": not path.exists()}
    _enter(ctx, actor, SIGNING, told, key=f"rotated:{new.verifier.key_id.hex()}")
    size = parse(ctx.ledger.checkpoint(ctx.signer)).size if path.exists() else ctx.ledger.size
    logkeys.retire(path, publics, size)
    if path.exists():
        os.link(path, former)
    os.replace(following, path)
    flush(path.parent)
    erase(former)
    ctx.__dict__.pop("signer", None)
    ctx.ledger.checkpoint(ctx.signer)
    return f"the log is signed by {ctx.signer.public}; the former key counts up to entry {size}: tell the auditors"


def _forget(former: Path, path: Path) -> None:
    """What a run left that died: another name of the key in use, or the key before it."""
    if former.exists() and path.exists() and former.samefile(path):
        former.unlink()
    erase(former)


# -- fingerprints ----------------------------------------------------------------------------------------------------


def _known(ctx: Context, actor: str, compromised: bool) -> str:
    """New indexes are made under the new key; former keys stay as long as an index needs them."""
    number = len([name for name in ctx.keys.names() if name.startswith(f"{KNOWN}-")]) + 1
    path, former = ctx.keys.path(KNOWN), ctx.keys.path(f"{KNOWN}-{number}")
    following = path.with_suffix(".next")
    erase(following)
    shutil.rmtree(path.parent / ".next", ignore_errors=True)
    made = FileKeys(path.parent / ".next", ctx.keys.wrapping)
    made.symmetric(KNOWN)
    os.replace(made.path(KNOWN), following)
    shutil.rmtree(made.folder)
    _rename_secret(ctx, KNOWN, former)
    os.replace(following, path)
    flush(path.parent)
    gone = _without_former_keys(ctx) if compromised else 0
    _enter(ctx, actor, KNOWN, {"indexes_destroyed": gone})
    return (
        f"{gone} indexes of former keys destroyed; the gate says so of their batches"
        if gone
        else "later batches use it"
    )


def _rename_secret(ctx: Context, name: str, target: Path) -> None:
    """The same secret in a file of another name; a wrapping service binds the name, so it is wrapped anew."""
    secret = ctx.keys.opened(name, ctx.keys.path(name).read_bytes())
    logkeys.replace(target, ctx.keys.sealed(target.stem, secret).decode())


def _without_former_keys(ctx: Context) -> int:
    """Destroy former keys, and the indexes that they open: whoever has such a key and an index can ask for any name."""
    current, folder, gone = index_keys(ctx)[0], ctx.zones.vault() / "known_values", 0
    for path in sorted(folder.glob("*.npy")):
        try:
            KnownValues([path], current)
        except UnusableIndex:
            erase(path)
            gone += 1
    for name in [name for name in ctx.keys.names() if name.startswith(f"{KNOWN}-")]:
        ctx.keys.destroy(name)
    return gone


# -- wrapping --------------------------------------------------------------------------------------------------------


def wrap_all(ctx: Context) -> int:
    """Wrap every plain key file by the configured service; gives how many. `FixConfiguration` where there is none."""
    if ctx.keys.wrapping is None:
        raise FixConfiguration(
            "no service is configured", where="platform.yaml: key_wrapping", rule="keys.wrapping", remedy="name one"
        )
    plain = [(name, ctx.keys.path(name)) for name in ctx.keys.names()]
    apart = signing_key_path(ctx.keys)
    plain += [(SIGNING, apart)] if apart not in {path for _, path in plain} and apart.exists() else []
    done = 0
    for name, path in plain:
        content = path.read_bytes()
        if FileKeys(path.parent).is_plain(content):
            logkeys.replace(path, ctx.keys.sealed(name, content).decode())
            done += 1
    return done


# -- what a key's holder could read ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exposed:
    """A delivery that a public key was sealed to."""

    order: str
    release: str
    recipient: str
    at: str
    still_here: bool


def exposed(ctx: Context, public: str) -> Iterator[Exposed]:
    """Deliveries that the holder of the private half of `public` (an age key, an OpenPGP fingerprint) can open: what to
    say, and to whom, when a recipient's key or the escrow key got into wrong hands."""
    for entry in ctx.ledger.entries(type="delivery.sealed"):
        if public in entry.payload.get("keys", []):
            order = entry.subjects["delivery"]
            here = any((ctx.zones.home / "outbox" / order / f["name"]).exists() for f in entry.payload["files"])
            yield Exposed(order, entry.subjects["release"], entry.subjects["recipient"], entry.at, here)


def listed(ctx: Context) -> list[dict[str, object]]:
    """Every key: name, purpose, whether it is wrapped, and since when; of signing keys the former ones, too."""
    found: list[dict[str, object]] = []
    for name in ctx.keys.names():
        path = ctx.keys.path(name)
        plain = ctx.keys.is_plain(path.read_bytes())
        found.append({"key": name, "purpose": _purpose(name), "wrapped": not plain, "since": _day(path)})
    for line in logkeys.retired(signing_key_path(ctx.keys)):
        verifier = Verifier.from_public(line)
        what = f"signed checkpoints up to entry {verifier.until}"
        found.append({"key": f"{SIGNING} {verifier.key_id.hex()}", "purpose": what, "wrapped": False, "since": ""})
    return found


def _purpose(name: str) -> str:
    try:
        return kind_of(name).purpose
    except Refused:
        return "no rule says what it is for"


def _day(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
