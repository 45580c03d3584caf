"""SFTP: upload to the partner's server, resumable, complete only under its final name, closed by a marker.

Files lie in ``<directory>/<order>/``; the marker ``<directory>/<order>.done`` comes last, so a partner who waits for it
never takes half a delivery. A partner may take files away at once: then the marker alone says they were there.
"""

from __future__ import annotations

from collections.abc import Mapping

from provision.channels._consignment import (
    check_consignment,
    check_digests,
    numbered,
    recall_text,
    receipt,
    settings_of,
    total_bytes,
)
from provision.channels._progress import Meter
from provision.channels._upload import Upload
from provision.channels._withdrawal import Withdrawal
from provision.channels.base import Consignment, Evidence, Progress, Receipt
from provision.connections import Resolver
from provision.errors import FixConfiguration
from provision.model import SftpSettings
from provision.remote.quiet import quiet
from provision.remote.ssh import session


class SftpChannel:
    """Plain rename refuses to replace a file, which makes a second, different delivery impossible by itself."""

    kind = "partner_sftp"
    title: Mapping[str, str] = {
        "ja": "SFTP(提供先サーバへのアップロード)",
        "en": "Upload to the recipient's SFTP server",
    }
    at_most_once = False

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, directory) and `Refused` (files)."""
        settings = settings_of(consignment, SftpSettings)
        check_consignment(consignment)
        parts = settings.directory.split("/")
        if not settings.directory.strip("/") or ".." in parts or not settings.directory.isprintable():
            raise FixConfiguration(
                "the directory is not a plain path",
                where=f"recipient {consignment.recipient}, channel partner_sftp",
                rule="sftp.directory",
                remedy="write the path the partner named, without '..'",
            )

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Upload, verify, rename, mark. The receipt proves what lay on the server, read back where allowed."""
        self.check(consignment)
        check_digests(consignment)
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        meter = Meter(progress, total_bytes(consignment))
        with quiet("paramiko"), session(credentials, settings.connection) as opened:
            upload = Upload(opened, consignment, settings, meter)
            already_there = upload.run()
        meter.finish()
        evidence: dict[str, str | int] = {
            "server": credentials.host,
            "host_key": opened.host_key,
            **opened.agreed,
            "marker": upload.marker.path,
            "verified": "read back" if settings.read_back else "size",
            "flushed": "yes" if upload.flushed and not already_there else "not said",
            "resumed_bytes": upload.resumed,
        }
        for index, (file, item) in enumerate(zip(consignment.files, upload.items[1:], strict=True)):
            evidence |= numbered(index, {"path": item.path, "sha256": file.sha256, "size": file.size})
        return receipt(consignment, self.kind, evidence, already_there=already_there)

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """The host key is the pinned one, we are let in, the agreed directory is there, and how much room it has."""
        self.check(consignment)
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        with quiet("paramiko"), session(credentials, settings.connection) as opened:
            opened.client.stat(settings.directory.rstrip("/"))
            room = opened.client.room(settings.directory.rstrip("/"))
        said = {"directory": "there", "free_bytes": "not said" if room is None else room}
        return {"server": credentials.host, "host_key": opened.host_key, **opened.agreed, **said}

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """Remove what is still there and allowed, and leave ``<order>.recalled.txt`` that asks to destroy the rest."""
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        with quiet("paramiko"), session(credentials, settings.connection) as opened:
            withdrawal = Withdrawal(opened.client, consignment, settings.directory.rstrip("/"))
            return {
                "server": credentials.host,
                "host_key": opened.host_key,
                **withdrawal.run(recall_text(consignment, reason)),
            }


CHANNEL = SftpChannel()
