"""`make bench-portal`: many downloads of one file at the same time through the recipients' portal, and its memory.

One release is delivered into a real store, `tokumei portal` serves it, one person signs in, and so many curls fetch the
file at once, everyone reading everything. Beside it the same curls straight from the store by a presigned link: what
the way through the portal costs. The memory is that of the portal's process (resident, sampled five times a second).
Nothing is asserted, as times belong to a machine.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.portalvisit import PortalVisit
from demo.servers.portal import PortalServer
from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from tests.support.portals import CONTACT, Template, delivered
from tests.support.servers import BUCKET

FOLDER = Path("var/bench/portal").absolute()


@dataclass(frozen=True)
class Fetched:
    """All downloads together: seconds, and how many were whole."""

    seconds: float
    whole: int


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--downloads", type=int, default=50)
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        _measure(arguments.megabytes * 1_000_000, arguments.downloads)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


def _measure(size: int, downloads: int) -> None:
    with SmtpServer(FOLDER / "smtp") as smtp, S3Server(FOLDER / "s3", [BUCKET]) as s3:
        connections = {"tokumei_smtp": smtp.connection_json(), "tokumei_s3": s3.connection_json()}
        server = PortalServer(FOLDER / "portal", FOLDER / "config", FOLDER / "home", connections)
        template = delivered(FOLDER, smtp, s3, size=size, url=server.url)
        outbox = next((FOLDER / "home" / "outbox").glob("*/*.zip.age"))
        digest, total = hashlib.sha256(outbox.read_bytes()).hexdigest(), outbox.stat().st_size * downloads
        with server:
            link, given = _signed_in(server, smtp, template)
            _one(link, given, digest)  # everything is loaded once
            before = _processor_seconds(server.pid or 0)
            with _memory(server.pid or 0) as samples:
                through = _fetch([*_curl(), "-H", f"Authorization: Bearer {given}", link], digest, downloads)
            spent = _processor_seconds(server.pid or 0) - before
        straight = _fetch([*_curl(), _presigned(s3, outbox.name)], digest, downloads)
    print(f"{downloads} downloads of {size / 1e6:.0f} MB at once, {through.whole} whole")
    for way, found in (("through the portal", through), ("from the store", straight)):
        print(f"  {way:<20}{found.seconds:7.1f} s  {total / found.seconds / 1e6:7.0f} MB/s")
    print(f"  processor time of the portal: {spent:.1f} s of one core")
    tenth = max(1, len(samples) // 10)
    print(
        f"  memory of the portal: {samples[0]:.0f} MB before, {max(samples):.0f} MB at most, median of the first tenth"
        f" {statistics.median(samples[:tenth]):.0f}, of the last tenth {statistics.median(samples[-tenth:]):.0f} MB"
    )


def _signed_in(server: PortalServer, smtp: SmtpServer, template: Template) -> tuple[str, str]:
    """A person who accepted the terms: the address of the file, and a download pass."""
    visit = PortalVisit(server.url, smtp, CONTACT)
    visit.sign_in()
    page = f"/releases/{template.order}"
    visit.accept(page)
    shown = visit.download_pass(page)
    given, link = re.search(r"Bearer ([\w-]+)", shown), re.search(r"\.zip\.age \\\s+(http\S+/d/[0-9a-f]{40})", shown)
    assert given
    assert link
    return link[1], given[1]


def _curl() -> list[str]:
    return ["curl", "--silent", "--fail", "--max-time", "3000"]


def _one(link: str, given: str, digest: str) -> None:
    done = subprocess.run([*_curl(), "-H", f"Authorization: Bearer {given}", link], capture_output=True, check=True)
    assert hashlib.sha256(done.stdout).hexdigest() == digest


def _fetch(command: list[str], digest: str, downloads: int) -> Fetched:
    """Run so many at once; every one's bytes are hashed as they come."""
    start, whole = time.perf_counter(), []

    def fetch() -> None:
        seen = hashlib.sha256()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            while piece := process.stdout.read(1 << 20):
                seen.update(piece)
        whole.append(seen.hexdigest() == digest)

    threads = [threading.Thread(target=fetch) for _ in range(downloads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Fetched(time.perf_counter() - start, sum(whole))


@contextmanager
def _memory(pid: int) -> Iterator[list[float]]:
    """Resident memory of a process in MB, five times a second while the block runs."""
    samples, over = [_resident(pid)], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            samples.append(_resident(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _processor_seconds(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _presigned(s3: S3Server, name: str) -> str:
    """A link of an hour straight to the object."""
    client = s3.client()
    found = client.list_objects_v2(Bucket=BUCKET)["Contents"]
    key = next(item["Key"] for item in found if item["Key"].endswith(f"/{name}"))
    return str(client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=3600))


if __name__ == "__main__":
    raise SystemExit(main())
