"""兆候: one thing to look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from provision.ledger.entry import Entry
from provision.releasing.drafting import TOKYO

Level = Literal["wait", "look", "act"]
#: In order: it goes on by itself or somebody has it; somebody should look; somebody has to act today.
LEVELS: tuple[Level, ...] = ("wait", "look", "act")


@dataclass(frozen=True)
class Sign:
    """What it is and what to do about it, in both languages. `subject` is an id of ours, `since` a day in Japan, `whom`
    who is waited for ("" the operators), `release` the release it is about, where it is about one."""

    kind: str
    level: Level
    subject: str
    since: str
    ja: str
    en: str
    remedy_ja: str
    remedy_en: str
    whom: str = ""
    release: str = ""

    def facts(self) -> dict[str, str]:
        """JSON-ready."""
        return asdict(self)


def day(moment: Entry | datetime) -> str:
    """The day in Japan of a moment, or of an entry."""
    at = moment.when if isinstance(moment, Entry) else moment
    return at.astimezone(TOKYO).date().isoformat()
