"""A key service on loopback that speaks AWS KMS's protocol (JSON 1.1, TrentService) for Encrypt and Decrypt.

Real AES-256-GCM with the encryption context as associated data, as the service documents it. Who asks must sign
(AWS4-HMAC-SHA256) with the access key it knows; the signature itself is not recomputed.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID, ACCESS, SECRET = "alias/tokumei", "AKIAFICTITIOUS000000", "fictitious-secretword"


class Kms(ThreadingHTTPServer):
    """One key, which can be switched off. `asked` counts operations."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.aead, self.enabled, self.asked = AESGCM(os.urandom(32)), True, {"Encrypt": 0, "Decrypt": 0}

    def connection_json(self, access: str = ACCESS) -> str:
        """For ``AIRFLOW_CONN_…``."""
        extra = {"endpoint_url": f"http://127.0.0.1:{self.server_address[1]}", "region_name": "ap-northeast-1"}
        return json.dumps({"conn_type": "aws", "login": access, "password": SECRET, "extra": extra})

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        self.asked[operation] = self.asked.get(operation, 0) + 1
        if asked.get("KeyId") != KEY_ID:
            return _error("NotFoundException")
        if not self.enabled:
            return _error("DisabledException")
        context = json.dumps(asked.get("EncryptionContext", {}), sort_keys=True).encode()
        if operation == "Encrypt":
            plain, nonce = base64.b64decode(asked["Plaintext"]), os.urandom(12)
            if not 0 < len(plain) <= 4096:
                return _error("ValidationException")
            blob = nonce + self.aead.encrypt(nonce, plain, context)
            return 200, {"CiphertextBlob": base64.b64encode(blob).decode(), "KeyId": KEY_ID}
        blob = base64.b64decode(asked["CiphertextBlob"])
        try:
            found = self.aead.decrypt(blob[:12], blob[12:], context)
        except (InvalidTag, ValueError):
            return _error("InvalidCiphertextException")
        return 200, {"Plaintext": base64.b64encode(found).decode(), "KeyId": KEY_ID}


def _error(code: str) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": code, "message": f"{code} with {SECRET} in its text"}


class _Handler(BaseHTTPRequestHandler):
    server: Kms

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].removeprefix("TrentService.")
        signed = f"AWS4-HMAC-SHA256 Credential={ACCESS}/" in self.headers.get("Authorization", "")
        status, body = self.server.answer(operation, asked) if signed else _error("UnrecognizedClientException")
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def kms() -> Iterator[Kms]:
    """The service, running in a thread."""
    with Kms() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
