"""容器: files that are zips inside and data outside. A workbook (.xlsx) is a file of the batch, not an archive of XML.

Told by the name of the first member, which every writer of these puts there: the parts of Office Open XML (ECMA-376
part 2: ``[Content_Types].xml``, ``_rels/``, ``docProps/`` and the folder of the application), ``mimetype`` of
OpenDocument. A folder that a sender packed begins otherwise; where it does not, it is refused as a document of no
format that is read, and never misread.
"""

from __future__ import annotations

import struct

_LOCAL = b"PK\x03\x04"
_NAME = 30  # bytes of a local header before the name (PKWARE APPNOTE 4.3.7)
_FILES = frozenset({b"[Content_Types].xml", b"mimetype"})
_FOLDERS = (b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/", b"customXml/")


def is_container(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a zip that is to be handed on whole."""
    if not head.startswith(_LOCAL) or len(head) < _NAME:
        return False
    (length,) = struct.unpack_from("<H", head, 26)
    name = head[_NAME : _NAME + length]
    return name in _FILES or name.startswith(_FOLDERS)
