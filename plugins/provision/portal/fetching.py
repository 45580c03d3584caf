"""取得: a file of the store passed on piece by piece, never kept, never whole in memory.

Every request gets a link of its own to the store, good for at most `PRESIGNED_SECONDS`, that never leaves this
process: there is nothing to pass on, and a download that goes on tomorrow simply gets another one. The bytes come from
exactly the object the provision log names (ETag, and version where the store keeps them), or not at all. While a
file is sent, what allowed it is asked again and again; where it holds no more, the transfer is cut.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import httpx

from provision.connections import Resolver
from provision.errors import FixConfiguration, RetryLater, TokumeiError
from provision.model import BucketSettings
from provision.portal.shipments import File
from provision.remote.quiet import quiet
from provision.remote.s3 import open_client, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: How long a link to the store lives: it only has to be younger than this when a transfer begins.
PRESIGNED_SECONDS = 900
#: Seconds between two looks at whether a transfer may still go on.
RECHECK_SECONDS = 15.0


@dataclass(frozen=True)
class Place:
    """Where a file lies, and for how many seconds a link to it may live."""

    settings: BucketSettings
    file: File
    seconds: int


class Store:
    """Links to the stores of recipients. `client` is shared by all transfers of this process."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._signers: dict[str, S3Client] = {}
        for name in ("httpx", "httpcore"):  # they write addresses into the log, signatures and all
            logging.getLogger(name).setLevel(logging.WARNING)

    def presigned(self, place: Place) -> str:
        """A link to the object, made without asking the store."""
        where = f"connection {place.settings.connection}"
        version = {"VersionId": place.file.version} if place.file.version else {}
        with quiet("boto3", "botocore", "urllib3"), translated(where):
            signer = self._signer(place.settings.connection)
            return str(
                signer.generate_presigned_url(
                    "get_object",
                    Params={"Bucket": place.settings.bucket, "Key": place.file.key, **version},
                    ExpiresIn=max(1, min(PRESIGNED_SECONDS, place.seconds)),
                )
            )

    def _signer(self, connection: str) -> S3Client:
        if connection not in self._signers:
            self._signers[connection] = open_client(self._resolver.get(connection), connection)
        return self._signers[connection]

    def client(self, connection: str) -> httpx.AsyncClient:
        """The HTTP client of one store, with its own authority where it has one."""
        if connection not in self._clients:
            authority = str(self._resolver.get(connection).extra.get("ca_file") or "")
            self._clients[connection] = httpx.AsyncClient(
                verify=authority or True,
                timeout=httpx.Timeout(60.0, connect=15.0, pool=60.0),
                limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
                follow_redirects=False,
                trust_env=False,
            )
        return self._clients[connection]

    async def close(self) -> None:
        """End all connections."""
        for client in self._clients.values():
            await client.aclose()


async def opened(store: Store, place: Place, first: int, past: int) -> httpx.Response:
    """The store's answer to bytes `first` to `past`, not read yet. `RetryLater`, or `FixConfiguration` where the object
    is not the one of the provision log."""
    where, whole = f"connection {place.settings.connection}", (first, past) == (0, place.file.size)
    with _network(where):
        client = store.client(place.settings.connection)
        link = await asyncio.to_thread(store.presigned, place)
        headers = {"If-Match": f'"{place.file.etag}"', "Accept-Encoding": "identity"}
        headers |= {} if whole else {"Range": f"bytes={first}-{past - 1}"}
        answer = await client.send(client.build_request("GET", link, headers=headers), stream=True)
    wanted = 200 if whole else 206
    if answer.status_code == wanted and answer.headers.get("content-length") == str(past - first):
        return answer
    await answer.aclose()
    raise _meaning(answer.status_code, where)


async def passed_on(
    answer: httpx.Response, expected: int, still: Callable[[], None], sent: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """The bytes of an answer. `still` raises where the transfer may not go on; `sent` is told at the end how many bytes
    went out, however it ended. Ends with an error, so that the connection is cut, where bytes are missing."""
    count, looked = 0, time.monotonic()
    try:
        async for piece in answer.aiter_raw():
            yield piece
            count += len(piece)
            if time.monotonic() - looked > RECHECK_SECONDS:
                await asyncio.to_thread(still)
                looked = time.monotonic()
        if count != expected:
            raise RetryLater("the store gave too few bytes", rule="portal.store", remedy="go on with the download")
    finally:
        with anyio.CancelScope(shield=True):  # also where the other end has gone
            await anyio.to_thread.run_sync(sent, count)
            await answer.aclose()


@contextmanager
def _network(where: str) -> Iterator[None]:
    """Errors of the way to the store, without the link they hold."""
    try:
        yield
    except httpx.HTTPError as error:
        raise RetryLater(
            f"no talk with the store ({type(error).__name__})", where=where, rule="portal.store",
            remedy="try again in a minute; what you have stays good",
        ) from None  # fmt: skip


def _meaning(status: int, where: str) -> TokumeiError:
    if status >= 500 or status in (408, 429):
        return RetryLater(f"the store answered {status}", where=where, rule="portal.store", remedy="try again later")
    return FixConfiguration(
        f"the store answered {status}: the object is gone or another one", where=where, rule="portal.store",
        remedy="the operator looks at bucket, object and rights; nothing was sent",
    )  # fmt: skip
