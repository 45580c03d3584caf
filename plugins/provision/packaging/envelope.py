"""添付: what lies beside the payload: digest, approvals, and the proof that the log holds them.

Nothing can contain the approval of its own digest, so approvals and proof are not in the payload but beside it.
"""

from __future__ import annotations

import base64
import json

from provision.approvals import ApprovalRequest
from provision.context import Context
from provision.ledger.proof import receipt


def envelope(ctx: Context, asked: ApprovalRequest, order: str, ciphertext: str, size: int) -> bytes:
    """JSON for the recipient: verify offline with the log's public key (tokumei receipt verify)."""
    approved = next(iter(ctx.ledger.entries(type="release.approved", kind="release", subject=asked.release)))
    content = {
        "release": asked.release,
        "order": order,
        "payload_digest": asked.digest,
        "ciphertext": {"sha256": ciphertext, "size": size},
        "agreement": asked.agreement,
        "notice": dict(asked.notice),
        "approvals": [{"officer": a.officer, "at": a.at} for a in asked.standing.approvals],
        "entry": base64.b64encode(ctx.ledger.entry_bytes(approved.seq)).decode(),
        "proof": receipt(ctx.ledger, approved.seq, ctx.signer),
        "log_key": ctx.signer.public,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
