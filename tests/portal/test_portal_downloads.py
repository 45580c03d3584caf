"""Downloading: ranges, resuming after the store's link ended, cut where it may not go on, complete by its bytes."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.errors import FixConfiguration, Refused, RetryLater
from provision.portal import fetching, ranges, shipments, transfers
from tests.support.portals import CONTACT, RECIPIENT, Portal


@pytest.fixture
def fetching_portal(portal: Portal) -> Portal:
    """The contact has accepted."""
    portal.sign_in(CONTACT)
    portal.accept()
    return portal


def progress(portal: Portal) -> dict[str, tuple[int, int]]:
    """File -> bytes and size, of everybody together there is."""
    with portal.desk.context() as ctx:
        made = shipments.shipment(ctx, ctx.recipients[RECIPIENT], portal.order)
    return {one.file.rpartition(".")[2]: (one.bytes, one.size) for one in transfers.fetched(portal.desk, made)}


def test_the_whole_file_has_the_digest_of_the_log(fetching_portal: Portal) -> None:
    (sealed,) = fetching_portal.log("delivery.sealed")
    for link, file in zip(fetching_portal.links(), sealed.payload["files"], strict=True):
        answer = fetching_portal.client.get(link)
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["content-disposition"].endswith(file["name"])
        assert answer.headers["repr-digest"].startswith("sha-256=:")
        assert answer.headers["cache-control"] == "no-store"
    assert all(done == size for done, size in progress(fetching_portal).values())
    assert "%</span>" not in fetching_portal.client.get(fetching_portal.page).text


def test_a_download_goes_on_after_the_stores_link_has_ended(
    fetching_portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request gets a link of its own to the store; what an earlier one allowed does not matter."""
    import time

    made: list[str] = []
    presigned = fetching.Store.presigned

    def remembered(store: fetching.Store, place: fetching.Place) -> str:
        made.append(presigned(store, place))
        return made[-1]

    monkeypatch.setattr(fetching, "PRESIGNED_SECONDS", 1)
    monkeypatch.setattr(fetching.Store, "presigned", remembered)
    link = fetching_portal.links()[0]
    first = fetching_portal.client.get(link, headers={"Range": "bytes=0-149999"})
    time.sleep(2.2)
    import requests

    assert requests.get(made[0], timeout=10).status_code == 403
    rest = fetching_portal.client.get(link, headers={"Range": "bytes=150000-", "If-Range": first.headers["etag"]})
    assert rest.status_code == 206
    whole = first.content + rest.content
    assert f'"{hashlib.sha256(whole).hexdigest()}"' == first.headers["etag"]
    assert made[0] not in fetching_portal.client.get(fetching_portal.page).text


def test_links_to_the_store_live_a_quarter_of_an_hour_at_most(fetching_portal: Portal) -> None:
    with fetching_portal.desk.context() as ctx:
        recipient = ctx.recipients[RECIPIENT]
        made = shipments.shipment(ctx, recipient, fetching_portal.order)
        store = fetching.Store(fetching_portal.desk.resolver)
        for left, wanted in ((10**6, 900), (900, 900), (60, 60), (0, 1)):
            link = store.presigned(fetching.Place(shipments.store_of(recipient), made.files[0], left))
            assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == [str(wanted)]


def test_another_file_than_the_recipient_began_with_is_given_whole(fetching_portal: Portal) -> None:
    link = fetching_portal.links()[0]
    answer = fetching_portal.client.get(link, headers={"Range": "bytes=5-", "If-Range": '"something else"'})
    assert answer.status_code == 200
    beyond = fetching_portal.client.get(link, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"].startswith("bytes */")
    head = fetching_portal.client.head(link)
    assert head.status_code == 200
    assert int(head.headers["content-length"]) == len(answer.content)
    assert head.content == b""


def test_an_object_that_is_another_one_is_not_given(fetching_portal: Portal) -> None:
    """The store's bytes must be those of the provision log: its ETag is part of every request."""
    with fetching_portal.desk.context() as ctx:
        made = shipments.shipment(ctx, ctx.recipients[RECIPIENT], fetching_portal.order)
    client = fetching_portal.template.s3.client()
    bucket, file = "deliveries", made.files[1]
    kept = client.get_object(Bucket=bucket, Key=file.key)["Body"].read()
    try:
        client.put_object(Bucket=bucket, Key=file.key, Body=b"x" * len(kept))
        answer = fetching_portal.client.get(fetching_portal.links()[1])
        assert answer.status_code == 503
        assert file.key not in answer.text
    finally:
        client.put_object(Bucket=bucket, Key=file.key, Body=kept)
    assert progress(fetching_portal) == {}


PIECE = 1 << 16


async def _drained(pieces: object) -> list[bytes]:
    return [piece async for piece in pieces]  # type: ignore[attr-defined]


@pytest.mark.parametrize("why", ["refused", "short"])
def test_a_transfer_is_cut_where_it_may_not_go_on(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    import httpx

    monkeypatch.setattr(fetching, "RECHECK_SECONDS", -1.0 if why == "refused" else 99.0)
    sent: list[int] = []

    async def body() -> object:
        for _ in range(4):
            yield b"x" * PIECE

    def still() -> None:
        raise Refused("recalled meanwhile", remedy="")

    async def run() -> None:
        answer = httpx.Response(200, content=body())
        wanted = 4 * PIECE + (1 if why == "short" else 0)
        await _drained(fetching.passed_on(answer, wanted, still, sent.append))

    with pytest.raises(Refused if why == "refused" else RetryLater):
        asyncio.run(run())
    assert sent == [PIECE if why == "refused" else 4 * PIECE]


def test_without_the_stores_key_nothing_is_promised(fetching_portal: Portal) -> None:
    with fetching_portal.desk.context() as ctx:
        recipient = ctx.recipients[RECIPIENT]
        made = shipments.shipment(ctx, recipient, fetching_portal.order)
        empty = fetching.Store(fetching_portal.template.connections.changed("tokumei_s3", login=""))
        with pytest.raises(FixConfiguration):
            empty.presigned(fetching.Place(shipments.store_of(recipient), made.files[0], 900))


def test_the_way_of_curl_is_on_the_page(fetching_portal: Portal) -> None:
    from tests.support.portals import post

    page = post(fetching_portal.client, f"{fetching_portal.page}/pass", {}, at=fetching_portal.page).text
    assert re.search(r"curl --fail --location .*\n  -C - -K tokumei\.curl -o \S+\.zip\.age \\\n  https://portal", page)
    assert "s3://" not in fetching_portal.client.get(fetching_portal.page).text
    allow = {"store_access": True}
    fetching_portal.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["portal"].update(allow))
    assert "aws s3 cp --recursive" in fetching_portal.client.get(fetching_portal.page).text


@given(size=st.integers(1, 300), pieces=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=12))
def test_coverage_is_what_a_set_of_bytes_says(size: int, pieces: list[tuple[int, int]]) -> None:
    cut = [(min(a, size), min(b, size)) for a, b in pieces if a <= b]
    assert ranges.covered(cut) == len({byte for first, past in cut for byte in range(first, past)})


@given(size=st.integers(1, 10_000), first=st.integers(0, 20_000), length=st.integers(1, 20_000))
def test_a_range_is_what_slicing_gives(size: int, first: int, length: int) -> None:
    header = f"bytes={first}-{first + length - 1}"
    if first >= size:
        with pytest.raises(ranges.Unsatisfiable):
            ranges.asked(header, size)
    else:
        part = ranges.asked(header, size)
        assert part is not None
        assert bytes(range(256))[: part[1] - part[0]] == bytes(range(256))[: len(range(size)[first : first + length])]
        assert part == (first, min(size, first + length))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None), ("", None), ("bytes=-", None), ("bytes=5-2", None), ("items=0-5", None), ("bytes=0-1,5-6", None),
        ("bytes=-5", (95, 100)), ("bytes=-500", (0, 100)), ("bytes=99-", (99, 100)), ("bytes=0-", (0, 100)),
        ("bytes=٣-", None),
    ],
)  # fmt: skip
def test_forms_of_ranges(header: str | None, wanted: tuple[int, int] | None) -> None:
    assert ranges.asked(header, 100) == wanted


def test_every_page_and_transfer_is_in_the_access_log(fetching_portal: Portal) -> None:
    fetching_portal.client.get(fetching_portal.links()[1])
    actors = {actor for actor, *_ in fetching_portal.visits()}
    assert len(actors) == 1
    assert actors.pop().startswith(f"recipient:{RECIPIENT}/m-")
    seen = {(action, about) for _, action, about in fetching_portal.visits()}
    about = f"delivery/{fetching_portal.order}"
    wanted = {("view", about), ("accept", about), ("start", about), ("download", about)}
    assert wanted | {("signin", f"recipient/{RECIPIENT}")} <= seen
