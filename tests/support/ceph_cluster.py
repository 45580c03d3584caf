"""A Ceph cluster of one monitor, one object store in memory and one gateway, as children of this process.

Started by `ceph` with a folder, the gateway's port and three more; ends with its children. Nothing but the standard
library, so that it runs as a file.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from pathlib import Path
from types import FrameType

CONFIG = """[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_v2}/0,v1:127.0.0.1:{mon_v1}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = {base}
ms bind port max = {last}
keyring = {folder}/keyring
mon data = {folder}/mon
osd data = {folder}/osd
run dir = {folder}
admin socket =
log file = {folder}/$name.log
log to stderr = false
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
rgw rados pool pg num min = 4
rgw thread pool size = 32
rgw bucket quota ttl = 0
"""
KEYS = {
    "mon.": ("mon", "allow *"),
    "client.admin": ("mon", "allow *", "osd", "allow *"),
    "osd.0": ("mon", "allow profile osd", "osd", "allow *"),
    "client.rgw.a": ("mon", "allow rw", "osd", "allow rwx"),
}


class Cluster:
    """Daemons that live as long as this object is used as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.daemons = folder, list[subprocess.Popen[bytes]]()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self.daemons:
            daemon.kill()  # everything is in memory, and they take long to end politely
        for daemon in self.daemons:
            daemon.wait(20)

    def run(self, program: str, *words: str) -> None:
        """One command to its end."""
        command = [program, "-c", str(self.folder / "ceph.conf"), *words]
        subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)

    def daemon(self, program: str, *words: str) -> None:
        """One daemon in the foreground."""
        command = [program, "-c", str(self.folder / "ceph.conf"), *words, "-f"]
        self.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))


def start(cluster: Cluster, gateway: int, mon_v2: int, mon_v1: int, base: int, user: tuple[str, str]) -> None:
    """Make the cluster anew and start it; `user` are access and secret key."""
    folder, fsid, osd = cluster.folder, str(uuid.uuid4()), str(uuid.uuid4())
    for name in ("mon", "osd"):
        (folder / name).mkdir()
    ports = {"mon_v2": mon_v2, "mon_v1": mon_v1, "base": base, "last": min(base + 300, 65_000)}
    (folder / "ceph.conf").write_text(CONFIG.format(fsid=fsid, folder=folder, **ports))
    keyring, monmap = str(folder / "keyring"), str(folder / "monmap")
    subprocess.run(["ceph-authtool", "--create-keyring", keyring], check=True)
    for name, caps in KEYS.items():
        pairs = [word for place in range(0, len(caps), 2) for word in ("--cap", *caps[place : place + 2])]
        subprocess.run(["ceph-authtool", keyring, "--gen-key", "-n", name, *pairs], check=True)
    addresses = f"[v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]"
    subprocess.run(["monmaptool", "--create", "--addv", "a", addresses, "--fsid", fsid, monmap], check=True)
    cluster.run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring)
    cluster.daemon("ceph-mon", "-i", "a")
    cluster.run("ceph", "osd", "new", osd)
    cluster.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
    cluster.daemon("ceph-osd", "-i", "0")
    keys = ("--access-key", user[0], "--secret-key", user[1])
    cluster.run("radosgw-admin", "user", "create", "--uid", "demo", "--display-name", "demo", *keys)
    cluster.daemon("radosgw", "-n", "client.rgw.a", "--rgw-frontends", f"beast endpoint=127.0.0.1:{gateway}")


def _ended(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """FOLDER ACCESS_KEY SECRET_KEY and four ports."""
    signal.signal(signal.SIGTERM, _ended)
    folder, access_key, secret_key, *ports = sys.argv[1:]
    with Cluster(Path(folder)) as cluster:
        start(cluster, *(int(port) for port in ports), user=(access_key, secret_key))  # type: ignore[misc]
        for daemon in cluster.daemons:
            daemon.wait()


if __name__ == "__main__":
    main()
