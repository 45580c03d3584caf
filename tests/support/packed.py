"""Protected zip archives as senders make them: one stored member under traditional encryption (APPNOTE 6.1)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_TABLE = [zlib.crc32(bytes([n ^ 0xFF])) ^ 0xFF000000 for n in range(256)]  # one step of CRC-32 without its inversions


def protected(name: str, data: bytes, password: bytes) -> bytes:
    """A zip archive with `data`, encrypted under `password`."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    whole, crc = bytearray(plain.getvalue()), zlib.crc32(data)
    cipher = _encrypted(bytes(11) + bytes([crc >> 24]) + data, password)
    start = 30 + len(name.encode())
    directory, end = whole[start + len(data) : -22], whole[-22:]
    for header, flags, size in ((whole, 6, 18), (directory, 8, 20)):
        struct.pack_into("<H", header, flags, struct.unpack_from("<H", header, flags)[0] | 1)
        struct.pack_into("<I", header, size, len(cipher))
    struct.pack_into("<I", end, 16, start + len(cipher))
    return bytes(whole[:start]) + cipher + bytes(directory) + bytes(end)


def _encrypted(data: bytes, password: bytes) -> bytes:
    keys = _Keys()
    for byte in password:
        keys.update(byte)
    made = bytearray()
    for byte in data:
        made.append(byte ^ keys.stream())
        keys.update(byte)
    return bytes(made)


class _Keys:
    """The three keys of the cipher."""

    def __init__(self) -> None:
        self.a, self.b, self.c = 0x12345678, 0x23456789, 0x34567890

    def update(self, byte: int) -> None:
        self.a = _step(self.a, byte)
        self.b = ((self.b + (self.a & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        self.c = _step(self.c, self.b >> 24)

    def stream(self) -> int:
        low = (self.c | 2) & 0xFFFF
        return (low * (low ^ 1) >> 8) & 0xFF


def _step(key: int, byte: int) -> int:
    return (key >> 8) ^ _TABLE[(key ^ byte) & 0xFF]
