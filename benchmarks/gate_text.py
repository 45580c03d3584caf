"""How fast the gate's detectors read text: number, e-mail and URL kinds in MB/s, names in texts/s, beside Presidio.

Fictitious clinical notes from a seed, one in a thousand with an identifier. CPU seconds of one core, imports and the
first reading of word lists excluded. Presidio runs on the same texts with its recognisers of the same kinds, in an
environment of its own below ``var/bench`` that is made where pip can install it. Times are printed, never asserted:
they belong to a machine.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

from expectations.identifiers import all_kinds
from expectations.sieve import find_each

PRESIDIO = Path("var/bench/presidio")
#: Kinds that read words instead of numbers; the others are the number, e-mail and URL kinds.
WORDS = {"person_name", "doctor_name", "romaji_name", "full_address", "building_name", "age_over_89"}
#: What Presidio has recognisers for; ours are measured alone beside them.
SHARED = {"email", "url", "ip_address", "mac_address", "card_number", "telephone"}
NAMES = {"person_name", "doctor_name", "romaji_name"}
_NOTES = (
    "昨日より発熱あり。",
    "血圧132/84、脈拍78。",
    "ロキソニン60mg 3錠を処方した。",
    "HbA1c 6.8%、Cr 0.9。",
    "橋本病で通院中、甲状腺機能は安定。",
    "（MRI）第３腰椎に圧迫骨折を認める。",
    "５日分処方。",
    "次回は2週間後に再診。",
    "経過良好。",
    "家族より連絡あり。",
    "WBC 8,900 CRP 0.34",
    "体温36.8℃ SpO2 97%",
    "食事摂取5割、排便あり。",
    "腹部超音波検査で胆嚢結石を認めるが無症状のため経過観察とした。",
    "手術は予定通り施行し、術後経過は良好である。",
    "退院後も内服を継続するよう説明した。",
    "夜間の咳嗽が強く不眠を訴える。",
)
_HOLDING = ("連絡先は03-5550-{:04d}", "〒100-{:04d}", "taro{:d}@example.jp", "https://example.jp/p?id={:d}")


def notes(count: int, seed: int = 20261201) -> list[str]:
    """That many notes of one to five sentences (40 characters on average)."""
    rng = random.Random(seed)
    made = ["".join(rng.choices(_NOTES, k=rng.randint(1, 5))) for _ in range(count)]
    for place in range(0, count, 1000):
        made[place] += rng.choice(_HOLDING).format(place % 10_000)
    return made


def measure(count: int = 300_000) -> dict[str, float]:
    """MB/s of the number kinds and of those shared with Presidio, texts/s of the names, over `count` notes."""
    texts = notes(count)
    numbers = [kind for kind in all_kinds() if kind.id not in WORDS]
    shared = [kind for kind in all_kinds() if kind.id in SHARED]
    names = [kind for kind in all_kinds() if kind.id in NAMES]
    list(find_each(texts[:1000]))
    seconds, found = _cpu(lambda: sum(1 for _ in find_each(texts, kinds=numbers)))
    shared_seconds, _ = _cpu(lambda: sum(1 for _ in find_each(texts, kinds=shared)))
    short = texts[: count // 10]
    name_seconds, _ = _cpu(lambda: sum(1 for _ in find_each(short, kinds=names)))
    size = sum(len(text.encode()) for text in texts) / 1e6
    return {
        "mb_per_s": size / seconds,
        "shared_mb_per_s": size / shared_seconds,
        "names_per_s": len(short) / name_seconds,
        "found": found,
    }


def _cpu(work: Callable[[], int]) -> tuple[float, int]:
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def presidio(count: int = 2_000) -> float | None:
    """MB/s of Presidio's recognisers over `count` of the same notes; None where it cannot be had."""
    python = PRESIDIO / "bin/python"
    if not _installed(python):
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.json"
        path.write_text(json.dumps(notes(count)), encoding="utf-8")
        script = Path(__file__).with_name("presidio_measured.py")
        done = subprocess.run([python, script, path], capture_output=True, text=True, check=False, timeout=1200)
    return float(done.stdout) if done.returncode == 0 else None


def _installed(python: Path) -> bool:
    if not python.exists():
        venv.create(PRESIDIO, with_pip=True)
        subprocess.run([python, "-m", "pip", "-q", "install", "presidio-analyzer"], check=False, timeout=1200)
    done = subprocess.run([python, "-c", "import presidio_analyzer"], capture_output=True, check=False, timeout=300)
    return done.returncode == 0


def report() -> None:
    """Measure and print, bars beside figures."""
    ours = measure()
    print(f"number, e-mail and URL kinds: {ours['mb_per_s']:.0f} MB/s per core (bar 50), {ours['found']:.0f} texts hit")
    print(f"names: {ours['names_per_s']:,.0f} texts/s per core (bar 4,000)")
    rival = presidio()
    if rival is None:
        print("Presidio: skipped, pip cannot install it here")
    else:
        shared = ours["shared_mb_per_s"]
        print(f"shared with Presidio: {shared:.0f} MB/s, Presidio {rival:.2f}: {shared / rival:,.0f} times (bar 100)")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(report())
