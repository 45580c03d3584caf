"""ダウンロード: objects in an S3 bucket that are never overwritten, and expiring links by e-mail.

A link opens the object for whoever has it until it expires, so links are in the e-mail and nowhere else: not in the
receipt, not in a log, not in an error. What they open is encrypted for the recipient's key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from provision.channels._consignment import (
    check_consignment,
    check_digests,
    notice_text,
    numbered,
    receipt,
    settings_of,
    total_bytes,
    words,
)
from provision.channels._letter import build, check_address, sender_of
from provision.channels._links import expiry, page_text, text
from provision.channels._progress import Meter
from provision.channels._recall import send_recall
from provision.channels._s3 import metadata, put_new, put_whole, read_back, remove_all
from provision.channels._smtp import rehearse, send
from provision.channels._storing import ALGORITHMS, encrypting, expire_with, keep_strangers_out, prove_encryption
from provision.channels.base import Consignment, Evidence, OutboxFile, Progress, Receipt
from provision.connections import Resolver
from provision.errors import DeliveryUnknown, FixConfiguration, Refused, RetryLater
from provision.model import BucketSettings
from provision.remote.quiet import quiet
from provision.remote.s3 import open_client, status_of, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NOTIFIED = ".notified.json"  # no consignment file begins with a dot


class BucketChannel:
    """Hands over through ``<prefix>/<release>/<order>/<name>``.

    A second message with fresh links is no second delivery, so this channel may be repeated.
    """

    kind = "bucket"
    title: Mapping[str, str] = {"ja": "ダウンロード(期限付きリンク)", "en": "Download by expiring link"}
    at_most_once = False

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, address, prefix) and `Refused` (files, already expired)."""
        settings = settings_of(consignment, BucketSettings)
        check_consignment(consignment)
        check_address(settings.address, f"recipient {consignment.recipient}, channel bucket")
        if not re.fullmatch(r"(?:/?[A-Za-z0-9][A-Za-z0-9._-]*)*/?", settings.prefix):
            raise FixConfiguration(
                "the prefix is not a plain path",
                where=f"recipient {consignment.recipient}, channel bucket",
                rule="bucket.settings",
                remedy="use letters, digits, dots, hyphens and slashes",
            )
        expiry(consignment, settings)

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Store, read back, then send the links. The receipt proves what the bucket holds, not the download."""
        self.check(consignment)
        check_digests(consignment)
        with quiet("boto3", "botocore", "urllib3", "s3transfer"):
            return _Delivery(consignment, resolver).run(progress)

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """Look at the bucket and at the place under the prefix, and log in at the mail server."""
        self.check(consignment)
        with quiet("boto3", "botocore", "urllib3", "s3transfer"):
            return _Delivery(consignment, resolver).rehearse()

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """Delete the objects, every version of them: links and downloads end. Then tell the recipient."""
        settings = settings_of(consignment, BucketSettings)
        with quiet("boto3", "botocore", "urllib3", "s3transfer"):
            removed = _Delivery(consignment, resolver).remove()
        told = send_recall(consignment, resolver, settings.mail_connection, settings.address, reason)
        return {"removed": removed, "bucket": settings.bucket, **told}


class _Delivery:
    """One run: the client and the names it works with."""

    def __init__(self, consignment: Consignment, resolver: Resolver) -> None:
        self.consignment = consignment
        self.settings = settings_of(consignment, BucketSettings)
        self.where = f"connection {self.settings.connection}"
        self.mail = resolver.get(self.settings.mail_connection)  # both asked for before anything is stored
        self.sender = sender_of(self.mail, self.settings.mail_connection)
        credentials = resolver.get(self.settings.connection)
        with translated(self.where):
            self.client: S3Client = open_client(credentials, self.settings.connection)
            self.stranger: S3Client = open_client(credentials, self.settings.connection, signed=False)
        self.versions: dict[str, str] = {}
        self.base = "/".join(filter(None, (self.settings.prefix.strip("/"), consignment.release, consignment.order)))

    def run(self, progress: Progress) -> Receipt:
        meter, evidence = Meter(progress, total_bytes(self.consignment)), dict[str, str | int]()
        with translated(self.where, self._rights()):
            self._look()
            prove_encryption(self.client, self.settings, self.base, self.where)
            if self.settings.expire_objects:
                ends = self.consignment.expires
                expire_with(self.client, self.settings.bucket, self.base, ends, self.where)
            there = [self._place(file, meter) for file in self.consignment.files]
            self._keep_strangers_out()
            for index, file in enumerate(self.consignment.files):
                evidence |= numbered(index, self._facts(file))
            told = self._told()
        if told is None:
            told = self._tell()
            already_there = False
        else:
            already_there = all(there)
        meter.finish()
        evidence |= {"bucket": self.settings.bucket, **told}
        return receipt(self.consignment, "bucket", evidence, already_there=already_there)

    def rehearse(self) -> dict[str, str | int]:
        """What the store and the mail server say before anything is stored."""
        with translated(self.where):
            self._look()
            prove_encryption(self.client, self.settings, self.base, self.where)
        letter = build(self.consignment, self.sender, self.settings.address, notice_text(self.consignment))
        return {"bucket": self.settings.bucket, **rehearse(letter, self.mail, self.settings.mail_connection)}

    def _look(self) -> None:
        """The first request: of all those needed one whose refusal says why, which an answer to HEAD cannot."""
        self.client.list_objects_v2(Bucket=self.settings.bucket, Prefix=f"{self.base}/", MaxKeys=1)

    def _rights(self) -> str:
        lifecycle = ", and to read and write the bucket's lifecycle rules," if self.settings.expire_objects else ""
        return f"put, get, head, delete and list{lifecycle}"

    def _keep_strangers_out(self) -> None:
        """Ask for each object as anybody could; what anybody could read is removed before anybody is told of it."""
        try:
            for file in self.consignment.files:
                keep_strangers_out(self.stranger, self.settings.bucket, self._key(file.name), self.where)
        except FixConfiguration:
            self.remove()
            raise

    def remove(self) -> int:
        """Delete everything of the order; gives the number of objects and versions."""
        with translated(self.where, "list, delete and abort"):
            return remove_all(self.client, self.settings.bucket, f"{self.base}/")

    def _key(self, name: str) -> str:
        return f"{self.base}/{name}"

    def _place(self, file: OutboxFile, meter: Meter) -> bool:
        """Store one file and compare what the store gives back. True where it was there before."""
        bucket, key = self.settings.bucket, self._key(file.name)
        there, ours = self._found(file), False
        if not there:
            notice = words(self.consignment.notice)
            more = encrypting(self.settings)
            ours = put_new(self.client, bucket, key, file, metadata(file, notice), meter, more)
            self._found(file)
        else:
            meter.add(file.size)
        if read_back(self.client, bucket, key) != file.sha256:
            if not ours:
                raise self._other()
            self.client.delete_object(Bucket=bucket, Key=key)
            remedy = "it was removed and is sent again; if this goes on, the store is damaging data"
            what = "the object read back is not what was sent"
            raise RetryLater(what, where=self.where, rule="bucket.verify", remedy=remedy)
        return there

    def _found(self, file: OutboxFile) -> bool:
        """Whether the key holds this file; `Refused` when it holds something else."""
        from botocore.exceptions import ClientError

        try:
            head = self.client.head_object(Bucket=self.settings.bucket, Key=self._key(file.name))
        except ClientError as error:
            if status_of(error) == 404:
                return False
            raise
        if head["ContentLength"] != file.size or head["Metadata"].get("sha256") != file.sha256:
            raise self._other()
        wanted = ALGORITHMS[self.settings.encryption]
        if wanted and head.get("ServerSideEncryption") != wanted:
            raise FixConfiguration(
                "an object of this order lies in the store without the encryption asked for",
                where=self.where,
                rule="bucket.encryption",
                remedy="no link was sent; look at the store's encryption, remove the object, then deliver again",
            )
        return True

    def _facts(self, file: OutboxFile) -> dict[str, str | int]:
        key = self._key(file.name)
        head = self.client.head_object(Bucket=self.settings.bucket, Key=key)
        self.versions[file.name] = head.get("VersionId", "")
        seen = {"version": self.versions[file.name], "encryption": head.get("ServerSideEncryption", "")}
        facts: dict[str, str | int] = {"key": key, "sha256": file.sha256, "size": head["ContentLength"]}
        facts["etag"] = head["ETag"].strip('"')
        return {**facts, **{name: str(value) for name, value in seen.items() if value not in ("", "null")}}

    def _told(self) -> dict[str, str | int] | None:
        """What was noted when the links were sent, or None."""
        from botocore.exceptions import ClientError

        try:
            found = self.client.get_object(Bucket=self.settings.bucket, Key=self._key(_NOTIFIED))
        except ClientError as error:
            if status_of(error) == 404:
                return None
            raise
        noted: dict[str, str | int] = json.loads(found["Body"].read(10_000))
        return noted

    def _tell(self) -> dict[str, str | int]:
        """Send the links and note that it was done."""
        words, said = self._words()
        letter = build(self.consignment, self.sender, self.settings.address, words)
        try:
            sent = send(letter, self.mail, self.settings.mail_connection)
        except DeliveryUnknown:
            remedy = "the files are stored; links are sent again, a second message does no harm"
            where = f"connection {self.settings.mail_connection}"
            what = "the mail server gave no clear answer"
            raise RetryLater(what, where=where, rule="bucket.links", remedy=remedy) from None
        told = {**said, "message_id": sent["message_id"], "mail_reply": sent["reply_code"]}
        with translated(self.where):
            put_whole(self.client, self.settings.bucket, self._key(_NOTIFIED), json.dumps(told).encode(), {})
        return told

    def _words(self) -> tuple[str, dict[str, str]]:
        """The message, and what of it is evidence: the portal's page where files are fetched there, else the links."""
        if self.consignment.page:
            return page_text(self.consignment), {"page": self.consignment.page}
        expires = expiry(self.consignment, self.settings)
        with translated(self.where):
            links = [self._link(file, expires) for file in self.consignment.files]
        return text(self.consignment, links, expires), {"link_expires": expires.isoformat()}

    def _link(self, file: OutboxFile, expires: datetime) -> str:
        version = self.versions.get(file.name, "")  # of a bucket that keeps versions: a link opens these bytes only
        parameters = {
            **({"VersionId": version} if version not in ("", "null") else {}),
            "Bucket": self.settings.bucket,
            "Key": self._key(file.name),
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        }
        seconds = max(1, int((expires - datetime.now(UTC)).total_seconds()))
        return str(self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))

    def _other(self) -> Refused:
        return Refused(
            "the bucket holds something else under the key of this order",
            where=self.where,
            rule="bucket.taken",
            remedy="nothing was overwritten; find out who stored it, then make a new delivery order",
        )


CHANNEL = BucketChannel()
