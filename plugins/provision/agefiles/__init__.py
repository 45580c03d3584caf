"""age ファイル: files in the format age (age-encryption.org/v1; C2SP age.md), written and read as streams.

    header    the key of the file, wrapped for everybody who may open it (X25519)
    payload   nonce, then chunks of 64 KiB under ChaCha20-Poly1305, each numbered, the last one marked

What is done to bytes is done by OpenSSL (`cryptography`), several times as fast as the library `pyrage` does it, and
without hiding the errors of the streams. Keys are made, read and checked by `pyrage`, whose objects they are in every
room: there is nothing to gain there, and its check of a key's checksum is not written twice. Whatever cannot be opened
is one `Refused` (``seal.broken``), whose text holds nothing of the file.
"""

from __future__ import annotations

from provision.agefiles.reading import decrypted, plain_pieces
from provision.agefiles.writing import encrypt, encrypted

__all__ = ["decrypted", "encrypt", "encrypted", "plain_pieces"]
