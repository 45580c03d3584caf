"""Talking to an object store: opening a client, and what its refusals mean. For handing over and for fetching."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provision.connections import Credentials
from provision.errors import FixConfiguration, RetryLater, TokumeiError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Codes of stores whose disk or whose user's quota is full: Ceph and MinIO have words of their own, with 403 or 507.
_FULL = frozenset({"QuotaExceeded", "InsufficientCapacity", "InsufficientStorage", "XMinioStorageFull"})
#: What handing over needs on the prefix.
_HANDING_OVER = "put, get and head"


def open_client(credentials: Credentials, connection: str, *, signed: bool = True) -> S3Client:
    """A path-style client with SigV4, timeouts and few retries. Raises `FixConfiguration` when keys are missing.

    Not `signed`, it asks as any stranger could.
    """
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    if not (credentials.login and credentials.password):
        raise FixConfiguration(
            "access key or secret key is missing",
            where=f"connection {connection}",
            rule="bucket.connection",
            remedy="complete the connection: login is the access key, password the secret key",
        )
    extra, endpoint = credentials.extra, str(credentials.extra.get("endpoint_url") or "")
    authority = str(extra.get("ca_file") or "")
    if authority and not Path(authority).is_file():
        raise FixConfiguration(
            "the extra ca_file names no file",
            where=f"connection {connection}",
            rule="bucket.tls",
            remedy="name the PEM file of the authority that issued the store's certificate",
        )
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise FixConfiguration(
            "endpoint_url is not an address",
            where=f"connection {connection}",
            rule="bucket.connection",
            remedy="write https://host:port",
        )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=str(extra.get("region_name") or "us-east-1"),
        aws_access_key_id=credentials.login,
        aws_secret_access_key=credentials.password,
        verify=authority or None,
        config=Config(
            s3={"addressing_style": "path"},
            signature_version="s3v4" if signed else UNSIGNED,
            max_pool_connections=16,  # parts travel side by side
            connect_timeout=15,
            read_timeout=120,
            retries={"total_max_attempts": 3, "mode": "standard"},
        ),
    )


@contextmanager
def translated(where: str, rights: str = _HANDING_OVER) -> Iterator[None]:
    """Say what a failure of the store means. Only its code is repeated, never a message, key or link. `rights` are
    those the work in hand needs."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, SSLError

    try:
        yield
    except TokumeiError:
        raise
    except ClientError as error:
        raise _meaning(code_of(error), status_of(error), where, rights) from None
    except ParamValidationError:
        raise FixConfiguration(
            "bucket or prefix is not a valid name", where=where, rule="bucket.settings", remedy="correct the settings"
        ) from None
    except SSLError:
        raise FixConfiguration(
            "the store's certificate is not trusted, not for this name, or out of its time",
            where=where,
            rule="bucket.tls",
            remedy="name the issuing authority in the extra ca_file, or have the store's certificate renewed",
        ) from None
    except (BotoCoreError, Boto3Error, OSError) as error:
        raise RetryLater(
            f"no talk with the store ({type(error).__name__})",
            where=where,
            rule="bucket.network",
            remedy="the same is tried again; check endpoint_url if this goes on",
        ) from None


def code_of(error: Any) -> str:
    """The store's error code, such as ``NoSuchBucket``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: Any) -> int:
    """The HTTP status of a refusal, 0 where there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _meaning(code: str, status: int, where: str, rights: str) -> TokumeiError:
    if code in _FULL or status == 507:
        remedy = "nothing half is left; ask whoever runs the store for room or quota, the same is tried again"
        return RetryLater(f"the store has no room ({code or status})", where=where, rule="bucket.room", remedy=remedy)
    if status == 0 or status >= 500 or status in (408, 429) or code in ("SlowDown", "RequestTimeout"):
        remedy = "the store is busy or broken; the same is tried again later"
        return RetryLater(f"the store answered {code or status}", where=where, rule="bucket.later", remedy=remedy)
    if code in ("RequestTimeTooSkewed", "RequestExpired"):
        remedy = "set this machine's clock (NTP); the store takes requests of the last minutes only"
        return FixConfiguration(f"the store answered {code}", where=where, rule="bucket.clock", remedy=remedy)
    remedy = f"correct access key, secret key, bucket or its policy: {rights} are needed on the prefix"
    return FixConfiguration(f"the store answered {code or status}", where=where, rule="bucket.refused", remedy=remedy)
