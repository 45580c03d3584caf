"""バケット: drops below a prefix of an S3 bucket, ``<prefix>/<drop>/…``, fetched into the seal and nowhere else.

Rights needed on the prefix: list and get; with ``after: delete`` also put (a second marker) and delete. A
bucket that keeps versions keeps what was deleted: let its life-cycle rules end old versions.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from provision.connections import Resolver
from provision.intake.landing.base import MARKER, Drop, Item, Landing, Listing, changed
from provision.model import BucketLanding
from provision.remote.quiet import quiet
from provision.remote.s3 import open_client, status_of, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: What the marker is called from the moment the drop may be removed: objects cannot be renamed.
_TAKEN = ".batch.taken"
_RIGHTS = "list and get (put and delete too, unless drops are kept)"


@contextmanager
def opened(settings: BucketLanding, resolver: Resolver) -> Iterator[Landing]:
    """The landing in a bucket. `FixConfiguration`, `RetryLater`: see `remote.s3`."""
    where = f"connection {settings.connection}"
    with quiet("boto3", "botocore", "urllib3"):
        with translated(where, _RIGHTS):
            client = open_client(resolver.get(settings.connection), settings.connection)
        try:
            yield Bucket(client, settings, where)
        finally:
            client.close()


@dataclass(frozen=True)
class Bucket:
    """See `base.Landing`."""

    client: S3Client
    settings: BucketLanding
    where: str

    @property
    def keeps(self) -> bool:
        """As configured."""
        return self.settings.after == "keep"

    def look(self) -> None:
        """See `base.Landing`."""
        self.found(self._below())

    def drops(self) -> list[Drop]:
        """See `base.Landing`."""
        found = self.found(self._below())
        for folder, items in sorted(found.items()):
            names = {item.name for item in items}
            if _TAKEN in names and MARKER not in names and not self.keeps:
                self.remove(folder)
        listed = [Listing.of(folder, _files(items)) for folder, items in sorted(found.items())]
        return [BucketDrop(self, listing) for listing in listed if listing is not None]

    def found(self, prefix: str) -> dict[str, list[Item]]:
        """Every object below `prefix`, by drop; objects beside the drops belong to none."""
        found: dict[str, list[Item]] = {}
        with translated(self.where, _RIGHTS):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.settings.bucket, Prefix=prefix)
            for entry in (entry for page in pages for entry in page.get("Contents", [])):
                folder, slash, name = entry["Key"].removeprefix(self._below()).partition("/")
                stamp = f"{entry['Size']}:{entry['ETag']}:{entry['LastModified'].isoformat()}"
                if folder and slash:
                    found.setdefault(folder, []).append(Item(name, stamp))
        return found

    def remove(self, folder: str) -> None:
        """Remove everything of a drop. The marker changes its name first, and goes last."""
        with translated(self.where, _RIGHTS):
            taken = self.key(folder, _TAKEN)
            self.client.put_object(Bucket=self.settings.bucket, Key=taken, Body=b"")
            self.client.delete_object(Bucket=self.settings.bucket, Key=self.key(folder, MARKER))
            for item in self.found(self.key(folder, "")).get(folder, []):
                if item.name != _TAKEN:
                    self.client.delete_object(Bucket=self.settings.bucket, Key=self.key(folder, item.name))
            self.client.delete_object(Bucket=self.settings.bucket, Key=taken)

    def key(self, folder: str, name: str) -> str:
        """Key of a file of a drop."""
        return f"{self._below()}{folder}/{name}"

    def _below(self) -> str:
        prefix = self.settings.prefix.strip("/")
        return f"{prefix}/" if prefix else ""


def _files(items: list[Item]) -> list[Item]:
    """Without the empty objects some tools make for folders."""
    return [item for item in items if item.name and not item.name.endswith("/") and item.name != _TAKEN]


@dataclass(frozen=True)
class BucketDrop:
    """See `base.Drop`. The ETag is asked for with the bytes: another object under the same key is not taken."""

    bucket: Bucket
    listing: Listing

    @contextmanager
    def open(self, item: Item) -> Iterator[BinaryIO]:
        """See `base.Drop`."""
        from botocore.exceptions import ClientError

        bucket, key = self.bucket.settings.bucket, self.bucket.key(self.listing.folder, item.name)
        with translated(self.bucket.where, _RIGHTS):
            try:
                body = self.bucket.client.get_object(Bucket=bucket, Key=key, IfMatch=item.stamp.split(":")[1])["Body"]
            except ClientError as error:
                if status_of(error) in {404, 412}:
                    raise changed() from None
                raise
        try:
            yield cast(BinaryIO, _Body(body, self.bucket.where))
        finally:
            body.close()

    def again(self) -> BucketDrop | None:
        """See `base.Drop`."""
        folder = self.listing.folder
        found = self.bucket.found(self.bucket.key(folder, ""))
        listing = Listing.of(folder, _files(found.get(folder, [])))
        return None if listing is None else replace(self, listing=listing)

    def take_away(self) -> None:
        """See `base.Drop`."""
        self.bucket.remove(self.listing.folder)


class _Body(io.RawIOBase):
    """The body of an answer. A line that breaks is told as such where it breaks, and is no damaged file."""

    def __init__(self, body: object, where: str) -> None:
        super().__init__()
        self.body, self.where = body, where

    def read(self, size: int = -1) -> bytes:
        with translated(self.where, _RIGHTS):
            return self.body.read(None if size < 0 else size)  # type: ignore[attr-defined,no-any-return]
