"""What the demonstration shows: one line per step while it runs, one screen at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        """One step."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", flush=True)

    def fail(self, text: str) -> None:
        """What went wrong, on standard error."""
        print(f"[{time.monotonic() - self.began:5.0f} s] FAILED: {text}", file=sys.stderr, flush=True)


def summary(result: Mapping[str, Any]) -> str:
    """The last screen."""
    intake, ledger = result["intake"], result["ledger"]
    lines = [
        "",
        "─" * 100,
        " Tokumei 匿名: from three senders' files to four deliveries and a provision log",
        "─" * 100,
        f" received   {intake['batches']} batches of {intake['sources']} senders, {intake['records']:,} records, "
        f"{intake['person_records']:,} person records; {intake['quarantined']} files quarantined",
        f" people     {result['linkage']['people']:,} in {result['linkage']['identities']:,} identities, "
        f"{result['linkage']['collisions']} keys collided and joined nobody",
        " rules      " + ", ".join(f"{name} {count:,}" for name, count in sorted(intake["rules"].items())) + " cells",
        "",
        f" {'release':<26}{'channel':<14}{'people in':>10}{'out':>8}{'left out':>10}{'rows out':>10}{'k':>5}  gate",
    ]
    for release in result["releases"]:
        lines.append(
            f" {release['plan']:<26}{release['channel']:<14}{release['people_in']:>10,}{release['people_out']:>8,}"
            f"{release['suppressed_share']:>10.2%}{release['rows']:>10,}{release['smallest_group']:>5}  "
            f"{'passed' if release['gate_passed'] else 'STOPPED'}, {release['expectations']} expectations"
        )
    lines.append("")
    for release in result["releases"]:
        lines.append(
            f" receipt    {release['recipient']:<22}{release['channel']:<14}D {release['digest'][:16]}…  "
            f"{release['handed_over_at']}"
        )
    lines += [
        "",
        f" ledger     {ledger['size']} entries, verified, root {ledger['root']}",
        f" time       {result['seconds']} s",
        "",
        " open next  " + "\n            ".join(result["open_next"]),
        "─" * 100,
    ]
    return "\n".join(lines)
