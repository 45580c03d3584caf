"""Ceph's object gateway as a second store, by other people than the first: what both do is S3, not one server's habit.

Debian's packages radosgw, ceph-mon and ceph-osd; the objects are in memory and gone at the end.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from demo.servers.process import free_ports
from demo.servers.s3 import S3Server
from tests.support import ceph_cluster

PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool")


def missing() -> str:
    """Why there is no Ceph here, or ""."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    packages = "the Debian packages radosgw, ceph-mon and ceph-osd (make setup-all)"
    return f"{', '.join(absent)} missing; install {packages}" if absent else ""


class CephStore(S3Server):
    """The same as the other store, with another server behind it. Each start begins with nothing."""

    program = "ceph_cluster"
    patience = 180.0
    grace = 30.0

    def prepare(self) -> Sequence[str]:
        """New keys and an empty cluster."""
        shutil.rmtree(self.folder / "cluster", ignore_errors=True)
        (self.folder / "cluster").mkdir()
        self.access_key, self.secret_key = f"AK{secrets.token_hex(9).upper()}", secrets.token_hex(20)
        self.port, *others = free_ports(4)
        where = [str(Path(ceph_cluster.__file__)), str(self.folder / "cluster")]
        return [sys.executable, *where, self.access_key, self.secret_key, *map(str, (self.port, *others))]

    def answers(self) -> bool:
        """Whether a stranger is told, in S3's words, that there are no buckets for him."""
        try:
            with urllib.request.urlopen(self.endpoint, timeout=2) as answer:
                return b"ListAllMyBucketsResult" in answer.read(2_000)
        except (OSError, urllib.error.HTTPError):
            return False

    def admin(self, *words: str) -> None:
        """A command of the gateway's administrator."""
        command = ["radosgw-admin", "-c", str(self.folder / "cluster" / "ceph.conf"), *words]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
