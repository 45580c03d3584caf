"""書庫: archives in what a sender dropped, opened as streams. One kind per file; see `walking.members`.

Nothing here needs a context or a disk: bytes go in at one end and come out as members at the other, forward only.
"""

from __future__ import annotations

from provision.intake.archives.base import Tally
from provision.intake.archives.walking import Member, members

__all__ = ["Member", "Tally", "members"]
