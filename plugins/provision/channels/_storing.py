"""What a store must do by itself before we trust it: encrypt, keep strangers out, and remove objects in time.

Stores differ from what they answer: Ceph RGW 16 takes a request for SSE-S3 and ignores it, rclone repeats any header it
is given (delivery.md, 1.1). So nothing is believed that was not looked at.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from provision.channels._s3 import remove_all
from provision.errors import FixConfiguration, RetryLater
from provision.model import BucketSettings
from provision.remote.s3 import code_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef

#: The header's value for each setting (S3 API, PutObject, x-amz-server-side-encryption).
ALGORITHMS = {"none": "", "sse-s3": "AES256", "sse-kms": "aws:kms"}

_MADE_UP = "tokumei-256"  # no store knows it: one that says it used it says what it is told
_OURS = "tokumei-"
_TRIES = 4


def encrypting(settings: BucketSettings) -> dict[str, Any]:
    """Arguments of a request that stores an object."""
    algorithm = ALGORITHMS[settings.encryption]
    key = {"SSEKMSKeyId": settings.kms_key} if settings.kms_key else {}
    return {"ServerSideEncryption": algorithm, **key} if algorithm else {}


def prove_encryption(client: S3Client, settings: BucketSettings, base: str, where: str) -> None:
    """Store a small object and look at it. `FixConfiguration` where the store does not encrypt, or only says so."""
    wanted, key = encrypting(settings), f"{base}/.probe"
    if not wanted:
        return
    try:
        seen = _stored(client, settings.bucket, key, wanted, where)
        lie = _stored(client, settings.bucket, key, {"ServerSideEncryption": _MADE_UP}, where, refusable=True)
    finally:
        remove_all(client, settings.bucket, key)
    if seen != wanted["ServerSideEncryption"]:
        raise _not_encrypting("the store takes the request for encryption and ignores it", where)
    if lie == _MADE_UP:
        raise _not_encrypting("the store claims any encryption it is asked for", where)


def _stored(
    client: S3Client, bucket: str, key: str, asked: Mapping[str, Any], where: str, *, refusable: bool = False
) -> str:
    """What the store says of an object stored with `asked`; empty where it refused and may."""
    from botocore.exceptions import ClientError

    try:
        client.put_object(Bucket=bucket, Key=key, Body=b"probe", **asked)
    except ClientError as error:
        if refusable:
            return ""
        client.put_object(Bucket=bucket, Key=key, Body=b"probe")  # raises as well where the store itself is ill
        what = f"the store cannot encrypt ({code_of(error) or status_of(error)})"
        raise _not_encrypting(what, where) from None
    return str(client.head_object(Bucket=bucket, Key=key).get("ServerSideEncryption", ""))


def _not_encrypting(what: str, where: str) -> FixConfiguration:
    remedy = "give the store a key, use another store, or set encryption: none (the files are encrypted anyhow)"
    return FixConfiguration(what, where=where, rule="bucket.encryption", remedy=remedy)


def keep_strangers_out(stranger: S3Client, bucket: str, key: str, where: str) -> None:
    """An unsigned request for an object that is there must be refused. `FixConfiguration` where it is answered."""
    from botocore.exceptions import ClientError

    try:
        stranger.get_object(Bucket=bucket, Key=key)["Body"].close()
    except ClientError as error:
        if status_of(error) in (401, 403):
            return
        what = f"a request without credentials was answered with {code_of(error) or status_of(error)}"
    else:
        what = "anybody can read this bucket"
    raise FixConfiguration(
        what,
        where=where,
        rule="bucket.public",
        remedy="take away anonymous rights (bucket policy, ACL); what was stored is removed, no link was sent",
    )


def expire_with(client: S3Client, bucket: str, base: str, expires: datetime, where: str) -> None:
    """Have the store itself remove an order's objects once they are of no use.

    One rule an order, named after it and the day it ends; rules of ours that have done their work are dropped, those
    of others kept. Two deliveries may write at once, so it is read again. `RetryLater` where it never stays.
    """
    now = datetime.now(UTC)
    rule = _rule(base, expires, now)
    for _ in range(_TRIES):
        rules = _rules(client, bucket)
        if rule["ID"] in {each.get("ID") for each in rules}:
            return
        kept = [each for each in rules if not _done(each.get("ID", ""), now)]
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*kept, rule]})
    raise RetryLater(
        "the rule that removes the objects does not stay",
        where=where,
        rule="bucket.lifecycle",
        remedy="the same is tried again; look who else writes the bucket's lifecycle rules",
    )


def _rule(base: str, expires: datetime, now: datetime) -> LifecycleRuleTypeDef:
    days = max(1, math.ceil((expires - now) / timedelta(days=1)))
    name = hashlib.sha256(base.encode()).hexdigest()[:24]
    return {
        "ID": f"{_OURS}{expires:%Y%m%d}-{name}",
        "Status": "Enabled",
        "Filter": {"Prefix": f"{base}/"},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    }


def _done(name: str, now: datetime) -> bool:
    """Whether it is a rule of ours whose day is a month over."""
    day = name.removeprefix(_OURS)[:8]
    return name.startswith(_OURS) and day.isdigit() and day < f"{now - timedelta(days=31):%Y%m%d}"


def _rules(client: S3Client, bucket: str) -> list[Any]:
    from botocore.exceptions import ClientError

    try:
        return list(client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"])
    except ClientError as error:
        if code_of(error) == "NoSuchLifecycleConfiguration":
            return []
        raise
