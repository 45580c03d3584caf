"""`make demo`, `make up`, `make down`: run the main job once, leave its world running, or end that world."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from pathlib import Path

from demo.run import Demonstration
from demo.screen import Progress, summary
from demo.servers.process import end_group

VAR = Path("var/demo").resolve()


def main() -> int:
    """Exit status 0 only where all of it happened."""
    parser = argparse.ArgumentParser(prog="demo", description="The main job, from files to deliveries.")
    parser.add_argument("--keep", action="store_true", help="leave the servers running to explore")
    parser.add_argument("--down", action="store_true", help="end the servers that --keep left running")
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--root", type=Path, default=VAR, help="where everything is written (emptied first)")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    if root.is_dir() and any(root.iterdir()) and not (root / "senders").is_dir():
        parser.error(f"{root} is not empty and holds no demonstration: it would be deleted")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends what was started
    ended = down(root)
    if arguments.down:
        print(f"ended {ended} processes" if ended else "nothing was running")
        return 0
    progress = Progress()
    demonstration = Demonstration(root, progress, people=arguments.people, seed=arguments.seed, stays=arguments.keep)
    kept = False
    try:
        result = demonstration.run()
        kept = arguments.keep
        if kept:
            (root / "running.json").write_text(json.dumps(demonstration.running()))
    except Exception as error:
        progress.fail(f"{type(error).__name__}: {error}")
        progress.say(f"logs are below {root / 'airflow'} and {root / 'servers'}")
        return 1
    finally:
        if not kept:
            demonstration.stop()
    print(summary(result))
    if kept:
        print(demonstration.addresses())
    return 0


def down(root: Path) -> int:
    """End the processes a kept demonstration left, and only those; gives their number."""
    path = root / "running.json"
    if not path.exists():
        return 0
    running = json.loads(path.read_text())
    ended = sum(end_group(pid, program) for pid, program in running["processes"])
    for left in map(Path, running["leftovers"]):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    path.unlink()
    return ended


if __name__ == "__main__":
    sys.exit(main())
