"""Storing objects that are never overwritten: whole or in parts, and read back."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from provision.channels._progress import Meter
from provision.channels.base import OutboxFile
from provision.remote.s3 import status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

SINGLE = 8_000_000  # bytes: larger files go in parts
_PART = 8 * 1024**2
_MOST_PARTS = 9_000  # S3 allows 10,000
_PARALLEL = 8  # times a part, sent or read: what a delivery needs of memory


def metadata(file: OutboxFile, notice: str) -> dict[str, str]:
    """Object metadata: the digest, and the notice percent-encoded (S3 takes 2 KB of ASCII in all)."""
    return {"sha256": file.sha256, "notice": quote(notice, safe=" ,.:;()/")[:1500]}


def put_new(
    client: S3Client,
    bucket: str,
    key: str,
    file: OutboxFile,
    facts: dict[str, str],
    meter: Meter,
    more: Mapping[str, Any] | None = None,
) -> bool:
    """Store the file unless the key is taken. False where somebody else was faster (HTTP 412). `more` arguments of the
    request that begins it, such as encryption."""
    from botocore.exceptions import ClientError

    try:
        if file.size <= SINGLE:
            put_whole(client, bucket, key, file.path.read_bytes(), facts, more)
            meter.add(file.size)
        else:
            _put_parts(client, bucket, key, file, facts, meter, more or {})
    except ClientError as error:
        if status_of(error) in (409, 412):
            return False
        raise
    return True


def put_whole(
    client: S3Client, bucket: str, key: str, body: bytes, facts: dict[str, str], more: Mapping[str, Any] | None = None
) -> None:
    """Store a small object unless the key is taken (`ClientError` 412)."""

    def put(**condition: Any) -> None:
        client.put_object(
            Bucket=bucket, Key=key, Body=body, Metadata=facts, ChecksumAlgorithm="SHA256", **(more or {}),
            **condition,
        )  # fmt: skip

    _unless_there(put)


def _put_parts(
    client: S3Client,
    bucket: str,
    key: str,
    file: OutboxFile,
    facts: dict[str, str],
    meter: Meter,
    more: Mapping[str, Any],
) -> None:
    """Parts in parallel, each with its checksum; aborted as a whole on any failure."""
    abort_leftovers(client, bucket, key)
    started = client.create_multipart_upload(
        Bucket=bucket, Key=key, Metadata=facts, ChecksumAlgorithm="SHA256", **more
    )  # fmt: skip
    upload = started["UploadId"]

    def complete(**condition: Any) -> None:
        client.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
        )

    try:
        parts = _send_parts(client, bucket, key, upload, file, meter)
        _unless_there(complete)
    except BaseException:
        with suppress(Exception):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise


def _send_parts(
    client: S3Client, bucket: str, key: str, upload: str, file: OutboxFile, meter: Meter
) -> list[CompletedPartTypeDef]:
    size = max(_PART, -(-file.size // _MOST_PARTS))

    def send(number: int) -> CompletedPartTypeDef:
        with file.path.open("rb") as stream:
            stream.seek((number - 1) * size)
            body = stream.read(size)
        done = client.upload_part(
            Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256"
        )
        part: CompletedPartTypeDef = {"PartNumber": number, "ETag": done["ETag"]}
        if checked := done.get("ChecksumSHA256"):  # older stores say nothing of it; the whole is read back anyway
            part["ChecksumSHA256"] = checked
        return part

    parts: list[CompletedPartTypeDef] = []
    with ThreadPoolExecutor(_PARALLEL) as pool:  # a failing part cancels those not begun
        for part in pool.map(send, range(1, -(-file.size // size) + 1)):
            parts.append(part)
            meter.add(size)
    return parts


def _unless_there(call: Callable[..., None]) -> None:
    """Call with If-None-Match; without it only where the store does not know it (HTTP 501), after our HEAD."""
    from botocore.exceptions import ClientError

    try:
        call(IfNoneMatch="*")
    except ClientError as error:
        if status_of(error) != 501:
            raise
        call()


def abort_leftovers(client: S3Client, bucket: str, key: str) -> None:
    """Abort unfinished uploads of this key, left by an attempt that was killed; parts cost money unseen."""
    from botocore.exceptions import ClientError

    with suppress(ClientError):  # listing uploads needs a right the delivery itself does not
        for each in client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", []):
            if each.get("Key") == key:
                client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=each["UploadId"])


def remove_all(client: S3Client, bucket: str, prefix: str) -> int:
    """Delete every object below `prefix` with all its versions, and abort unfinished uploads; gives how many."""
    for each in client.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads", []):
        client.abort_multipart_upload(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
    removed = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
            removed += 1
    for listed in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for left in listed.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=left["Key"])
            removed += 1
    return removed


def read_back(client: S3Client, bucket: str, key: str) -> str:
    """SHA-256 of the object as the store gives it back, read in stretches side by side, hashed in their order."""
    head = client.head_object(Bucket=bucket, Key=key)
    same: dict[str, Any] = {"Bucket": bucket, "Key": key, "IfMatch": head["ETag"]}
    digest = hashlib.sha256()
    if head["ContentLength"] <= SINGLE:
        digest.update(client.get_object(**same)["Body"].read())
        return digest.hexdigest()
    for piece in _stretches(client, same, head["ContentLength"]):
        digest.update(piece)
    return digest.hexdigest()


def _stretches(client: S3Client, same: Mapping[str, Any], size: int) -> Iterator[bytes]:
    def read(start: int) -> bytes:
        last = min(start + _PART, size) - 1
        return client.get_object(**same, Range=f"bytes={start}-{last}")["Body"].read()

    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for start in range(0, size, _PART):
            waiting.append(pool.submit(read, start))
            if len(waiting) == _PARALLEL:  # no more than so many in memory, however slowly they are hashed
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
