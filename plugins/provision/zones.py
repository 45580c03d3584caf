"""The folders data may be in, one property each. Created with owner-only permissions when first asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o700


@dataclass(frozen=True)
class Zones:
    """All zones below one home folder; see docs/architecture.md for what each may hold."""

    home: Path

    def _zone(self, *parts: str) -> Path:
        path = self.home
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for part in parts:  # one by one: `parents=True` makes folders on the way readable by everybody
            path = path / part
            path.mkdir(mode=PRIVATE, exist_ok=True)
        return path

    def inbox(self, source: str) -> Path:
        """受領フォルダ: where a sender's drops appear."""
        return self._zone("landing", "inbox", source)

    def landing(self) -> Path:
        """Received batches, encrypted."""
        return self._zone("landing", "batches")

    def quarantine(self) -> Path:
        """Files that could not be taken whole, encrypted, and reports without values."""
        return self._zone("quarantine")

    def vault(self) -> Path:
        """Tokens, keys and fingerprints."""
        return self._zone("vault")

    def store(self) -> Path:
        """De-identified tables."""
        return self._zone("store")

    def release(self, release: str) -> Path:
        """Working folder of one release."""
        return self._zone("releases", release)

    def outbox(self, order: str) -> Path:
        """Ciphertext and envelope of one delivery order."""
        return self._zone("outbox", order)

    def staging(self) -> Path:
        """Disc images ready to burn."""
        return self._zone("staging")

    def incident(self, incident: str) -> Path:
        """Record and pages of one incident: counts and ids."""
        return self._zone("incidents", incident)

    def published(self) -> Path:
        """Public announcements."""
        return self._zone("published")

    def previews(self, release: str) -> Path:
        """下見: what recipients may see of a release before they download it: contents and codebook, no data."""
        return self._zone("previews", release)

    def portal(self) -> Path:
        """受領者ポータル: its own database and key."""
        return self._zone("portal")

    def ledger(self) -> Path:
        """The provision log's database file."""
        return self._zone("ledger") / "ledger.db"

    def access(self) -> Path:
        """閲覧記録: the access log's database file."""
        return self._zone("access") / "access.db"


def home_folder() -> Path:
    """``$TOKUMEI_HOME``, else ``./var``."""
    return Path(os.environ.get("TOKUMEI_HOME", "var")).resolve()
