"""Delivery status notes as Postfix and Exchange write them (RFC 3464), about fictitious messages."""

from __future__ import annotations

from pathlib import Path

_BOUNDARY = "B1F3.1700000000/mx.operator.example"


def note(
    identity: str,
    action: str = "failed",
    status: str = "5.1.1",
    *,
    envelope: bool = True,
    headers: bool = True,
    recipients: int = 1,
) -> bytes:
    """A note about the message `identity` (order.attempt). Leave out the envelope id, or the returned headers."""
    lines = [
        "From: MAILER-DAEMON@mx.operator.example (Mail Delivery System)",
        "To: tokumei@operator.example",
        "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{_BOUNDARY}"',
        *("", f"--{_BOUNDARY}", "Content-Type: text/plain; charset=us-ascii", ""),
        "<data@minami.example>: unknown user, 架空 一郎",
        *("", f"--{_BOUNDARY}", "Content-Type: message/delivery-status", ""),
        "Reporting-MTA: dns; mx.operator.example",
        *([f"Original-Envelope-Id: {identity}"] if envelope else []),
        *(["Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0900 (JST)", ""]),
    ]
    for number in range(recipients):
        lines += [f"Final-Recipient: rfc822; data{number}@minami.example", f"Action: {action}", f"Status: {status}"]
        lines += ["Diagnostic-Code: smtp; 550 5.1.1 <data@minami.example> no such user", ""]
    if headers:
        lines += [f"--{_BOUNDARY}", "Content-Type: text/rfc822-headers", ""]
        lines += ["From: tokumei@operator.example", f"Message-ID: <{identity}@operator.example>", "Subject: x", ""]
    return ("\n".join([*lines, f"--{_BOUNDARY}--"]) + "\n").encode()


def maildir(folder: Path) -> Path:
    """An empty Maildir."""
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True)
    return folder
