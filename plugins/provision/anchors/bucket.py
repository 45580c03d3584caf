"""Checkpoints in a bucket with Object Lock: put once, kept for years, compared every night with the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from provision.anchorsettings import AnchorBucket
from provision.context import Context
from provision.errors import LedgerBroken
from provision.ledger import notes
from provision.remote.s3 import code_of, open_client, translated

_NOTE = re.compile(r"(0|[1-9][0-9]{0,17})\.note")


def compare(ctx: Context, place: AnchorBucket) -> None:
    """Hold the newest checkpoint of the bucket against the log. Raises `LedgerBroken` where the log is shorter, or its
    entries are others."""
    client, where = _client(ctx, place)
    with translated(where, "list and get"):
        size = max(_sizes(client, place), default=None)
        if size is None:
            return
        answer = client.get_object(Bucket=place.bucket, Key=f"{place.prefix}{size}.note")
        note = answer["Body"].read(notes.LIMIT).decode(errors="replace")
    signed = notes.parse(note)  # signed perhaps by an earlier key; what it says must be so either way
    if signed.size > ctx.ledger.size:
        raise LedgerBroken(
            f"the bucket holds a checkpoint of {signed.size} entries, but the log has {ctx.ledger.size}: it is an old"
            " copy that was put back",
            where=where, rule="ledger.rollback",
            remedy="stop all runs and find the newest log; nothing may be appended to this one",
        )  # fmt: skip
    if ctx.ledger.root(signed.size) != signed.root:
        raise LedgerBroken(
            f"the first {signed.size} entries are not those of the checkpoint in the bucket", where=where,
            rule="ledger.fork", remedy="stop all runs; run `tokumei ledger verify` with that checkpoint",
        )  # fmt: skip


def put(ctx: Context, place: AnchorBucket, note: str) -> None:
    """Put note and leaf hashes, locked; what is there already stays as it is."""
    client, where = _client(ctx, place)
    size = notes.parse(note).size
    until = datetime.now(UTC) + timedelta(days=place.retain_days)
    leaves = b"".join(ctx.ledger.folder.leaves(size) or [])
    for name, data in ((f"{size}.leaves", leaves), (f"{size}.note", note.encode())):
        with translated(where, "put"):
            _put_once(client, place, f"{place.prefix}{name}", data, until)


def _put_once(client: Any, place: AnchorBucket, key: str, data: bytes, until: datetime) -> None:
    """Locked objects are never replaced: another version would only hide the first one."""
    from botocore.exceptions import ClientError

    try:
        client.put_object(
            Bucket=place.bucket, Key=key, Body=data, IfNoneMatch="*",
            ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until,
        )  # fmt: skip
    except ClientError as error:
        if code_of(error) != "PreconditionFailed":
            raise


def _sizes(client: Any, place: AnchorBucket) -> Iterator[int]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
    names = (item["Key"].removeprefix(place.prefix) for page in pages for item in page.get("Contents", []))
    return (int(match[1]) for match in map(_NOTE.fullmatch, names) if match)


def _client(ctx: Context, place: AnchorBucket) -> tuple[Any, str]:
    credentials = ctx.resolver.get(place.connection)
    return open_client(credentials, place.connection), f"connection {place.connection}"
