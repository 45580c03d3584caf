"""`make bench-kills`: deliveries over all four channels, killed (-9) at random moments, repeated until they are done.

Every delivery goes to a real server. After each kill the recipient must have nothing or one whole delivery; at the end
one whole delivery, no fragment, and a log that verifies with one receipt and an end for every attempt. A mail whose
attempt has no end is `unknown`: it must stay so until an operator, who looks at the recipient's mailbox, settles it.
Whatever is lost, double or missing in the log ends the run with an error. One delivery in four is killed once more
while it is repeated.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from tests.support.killing import Deliveries, Outcome, killed_delivery, published, undisturbed
from tests.support.releases import PLANS, Partners
from tests.support.servers import BUCKET

FOLDER = Path("var/bench/kills").absolute()


def main() -> int:
    """Kill until enough kills have hit, then print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        deliveries = published(FOLDER / "work", arguments.megabytes * 1_000_000)
        with (
            SmtpServer(FOLDER / "smtp", limit=40_000_000) as smtp,
            SftpServer(FOLDER / "sftp") as sftp,
            S3Server(FOLDER / "s3", [BUCKET]) as store,
        ):
            _all(deliveries, Partners(smtp, store, sftp), arguments.kills, random.Random(arguments.seed))
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


def _all(deliveries: Deliveries, partners: Partners, wanted: int, chance: random.Random) -> None:
    seconds = {channel: undisturbed(deliveries, partners, channel) for channel in PLANS}
    counted = {channel: Counter[str]() for channel in PLANS}
    number = 0
    while sum(each["kills"] for each in counted.values()) < wanted:
        channel = list(PLANS)[number % len(PLANS)]
        moments = [{"after": chance.uniform(0, seconds[channel])} for _ in range(2 if chance.random() < 0.25 else 1)]
        done = killed_delivery(deliveries, partners, channel, f"{channel}-{number}", moments)
        counted[channel].update(_counted(done))
        number += 1
        print(f"\r{number} deliveries", end="", flush=True, file=sys.stderr)
    for channel, found in counted.items():
        print(
            f"{channel:12} {found['deliveries']:3} deliveries, {found['kills']:3} kills, {found['runs']:3} runs,"
            f" {found['unknown']:2} unknown and settled"
        )
    kills = sum(each["kills"] for each in counted.values())
    print(f"{kills} kills in {number} deliveries: each arrived whole and once, every log complete")


def _counted(done: Outcome) -> dict[str, int]:
    return {"deliveries": 1, "kills": done.kills, "runs": done.runs, "unknown": done.settled}


if __name__ == "__main__":
    sys.exit(main())
