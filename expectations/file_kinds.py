"""Which kind of file bytes begin as, in a word detectors read: pictures, sound, film, genomes, biometric templates.

Nobody can look into such a file for a name, and what it holds may be a person's body itself (個人識別符号, Order
art. 1 item 1). So it is told by its first bytes, never by its name.
"""

from __future__ import annotations

import re

#: What detectors are given for such a file: this, and the kind behind it.
MARK = "file kind: "

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\0\x0cjP  ", "image/jp2"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/matroska"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"FAC\0", "biometric/face"),
    (b"FMR\0", "biometric/finger"),
    (b"FIR\0", "biometric/finger"),
    (b"\xff\xa0\xff", "biometric/finger"),
    (b"IIR\0", "biometric/iris"),
    (b"VIR\0", "biometric/vein"),
    (b"BAM\x01", "genome/bam"),
    (b"CRAM", "genome/cram"),
    (b"BCF\x02", "genome/bcf"),
    (b"\x6c\x1b\x01", "genome/plink"),
    (b"\xde\xad\xbe\xef", "genome/twobit"),
)
# Containers: a size or a length stands before what they are.
_RIFF = {b"WAVE": "audio/wav", b"AVI ": "video/avi", b"WEBP": "image/webp"}
_HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def file_kind(head: bytes) -> str:
    """The kind of file whose first bytes (at least 132) are `head`, or "" for anything this list does not know."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return "image/heif" if head[8:12] in _HEIF else "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    if head[128:132] == b"DICM":
        return "image/dicom"
    if re.match(rb".\x50[\x00-\x30]\x02", head, re.DOTALL) and not head[:4].isascii():
        return "motion/c3d"
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), "")
