"""`tokumei risk` and `tokumei generalise` from the outside: figures, words, exit codes; no value in any error."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provision import plaintables
from provision.cli import main
from provision.errors import FixConfiguration
from tests.support import riskoracles

AGES = ["34", "36", "41", "47", "52", "58", "63", "66"]
SECRET = "架空太郎"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fictitious table of 24 people and its hierarchies, with a semicolon between cells."""
    rows = [("age", "sex", "disease", "person")]
    rows += [(AGES[n % 8], "MF"[n % 2], "ABC"[n % 3], str(n)) for n in range(24)]
    write(tmp_path / "people.csv", rows)
    write(tmp_path / "people_hierarchy_age.csv", [(a, f"{a[0]}0s", "*") for a in AGES])
    write(tmp_path / "people_hierarchy_sex.csv", [("M", "*"), ("F", "*")])
    return tmp_path


def write(path: Path, rows: list[tuple[str, ...]], delimiter: str = ";") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out = capsys.readouterr()
    assert SECRET not in out.err
    return code, out.out, out.err


def test_risk_as_json_and_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["risk", folder / "people.csv", "--quasi", "age,sex", "--sensitive", "disease", "--fraction", "0.1"]
    code, out, _ = said(capsys, *words, "--json")
    figures = json.loads(out)
    assert code == 0
    assert (figures["people"], figures["groups"], figures["k"]) == (24, 8, 3)
    assert figures["sensitive"]["disease"]["distinct_l"] == 3
    assert figures["sensitive"]["disease"]["t_equal"] == pytest.approx(0.0, abs=1e-12)
    assert figures["attackers"]["marketer"] == pytest.approx(1 / 3)
    code, out, _ = said(capsys, *words)
    assert code == 0
    assert "k-anonymity (k-匿名性): 3 (missing as a value 3, as a wildcard 3)" in out
    assert "in groups of under 5: 24 people (100.00%)" in out


def test_risk_against_a_population_and_with_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everybody = pl.read_csv(folder / "people.csv", separator=";", infer_schema=False)
    everybody.head(8).with_columns(w=pl.lit(3)).write_csv(folder / "sample.csv")
    sample = ["risk", folder / "sample.csv", "--quasi", "age,sex", "--json"]
    code, out, _ = said(capsys, *sample, "--population", folder / "people.csv")
    assert code == 0
    assert json.loads(out)["population"] == {
        "k_map": 3,
        "delta_least": pytest.approx(1 / 3),
        "delta_most": pytest.approx(1 / 3),
    }
    code, out, _ = said(capsys, *sample, "--weights", "w", "--person", "person")
    assert json.loads(out)["attackers"]["journalist"] == pytest.approx(0.5493, abs=1e-4)  # f 1 of F 3


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_large_table_has_the_same_figures(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    frame = pl.read_csv(folder / "people.csv", separator=";", infer_schema=False)
    frame.write_parquet(folder / "people.parquet")
    words = ["risk", folder / f"people.{ending}", "--quasi", "age,sex", "--sensitive", "disease", "--person", "person"]
    in_memory = said(capsys, *words, "--json")
    monkeypatch.setattr(plaintables, "LARGE", 1)
    assert said(capsys, *words, "--json", "--memory", "100MB") == in_memory
    assert said(capsys, *words, "--memory", "all")[0] == 5


def test_a_large_table_that_is_ragged_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plaintables, "LARGE", 1)
    (folder / "bad.csv").write_text(f"age;sex\n{SECRET};M\n{SECRET}\n", encoding="utf-8")
    code, _, err = said(capsys, "risk", folder / "bad.csv", "--quasi", "age,sex")
    assert code == 5
    assert "rows of one length" in err


def test_generalise_as_json_in_words_and_applied(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generalise", folder / "people.csv", "--hierarchies", folder, "--quasi", "age,sex", "--k", "6"]
    code, out, _ = said(capsys, *words, "--l", "entropy:2:disease", "--t", "ordered:0.3:disease", "--json",
                        "--suppression", "0.04", "--metric", "loss", "--out", folder / "made.csv")  # fmt: skip
    found = json.loads(out)
    assert code == 0
    assert (found["transformation"], found["k"], found["suppressed"], found["exact"]) == ([2, 0], 12, 0, True)
    assert found["runner_up"]["transformation"] == [1, 1]
    made = pl.read_csv(folder / "made.csv", infer_schema=False)
    assert made.columns == ["age", "sex", "disease"]
    assert made.group_by("age", "sex").len()["len"].min() == found["k"] >= 6
    code, out, err = said(capsys, *words, "--out", folder / "made.csv")
    assert (code, out) == (5, "")
    assert "exists" in err
    code, out, _ = said(capsys, *words)
    assert code == 0
    assert "the optimum of 6 generalisations" in out
    assert "required: groups of at least 6 people" in out
    assert "The runner-up" in out


def test_a_table_that_cannot_be_made_safe_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "generalise", folder / "people.csv", "--hierarchies", folder, "--quasi", "age,sex",
                          "--k", "25")  # fmt: skip
    assert (code, out) == (6, "")
    assert "24 of 24 people would be left out, 0 may be [generalise.none]" in err


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--k", "1"], "k must be at least 2"),
        ([], "nothing is required"),
        (["--k", "2", "--suppression", SECRET], "no number"),
        (["--k", "2", "--metric", SECRET], "no such metric"),
        (["--l", f"entropy:{SECRET}:disease"], "diversity is asked for"),
        (["--l", "distinct:2:age"], "both quasi-identifier and sensitive"),
        (["--t", "equal:0.2:nowhere"], "no single column nowhere"),
    ],
)
def test_what_is_asked_wrongly(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], rule: str) -> None:
    code, out, err = said(
        capsys, "generalise", folder / "people.csv", "--hierarchies", folder, "--quasi", "age,sex", *words
    )
    assert (code, out) == (5, "")
    assert rule in err


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (None, "0 files end with _hierarchy_age.csv"),
        ([(age, "*") for age in AGES[1:]], "3 rows have a value of age that its hierarchy does not know"),
        ([(SECRET, "*"), (SECRET, "*")], "two rows"),
        ([(SECRET, "a", "*"), (SECRET + "次郎", "a", "-")], "a label of level 1 has two labels at level 2"),
        ([(SECRET, "a"), ("b",)], "rows of one length"),
        ([], "rows of one length"),
    ],
)
def test_hierarchies_that_do_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[str, ...]] | None, rule: str
) -> None:
    if rows is None:
        (folder / "people_hierarchy_age.csv").unlink()
    else:
        write(folder / "people_hierarchy_age.csv", rows)
    code, _, err = said(
        capsys, "generalise", folder / "people.csv", "--hierarchies", folder, "--quasi", "age,sex", "--k", "2"
    )
    assert code == 5
    assert rule in err


def test_the_tables_own_hierarchy_goes_before_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "other_hierarchy_age.csv", [(age, "*") for age in AGES])
    words = ["--hierarchies", folder, "--quasi", "age,sex", "--k", "2", "--json"]
    assert said(capsys, "generalise", folder / "people.csv", *words)[0] == 0
    (folder / "people.csv").rename(folder / "renamed.csv")
    code, _, err = said(capsys, "generalise", folder / "renamed.csv", *words)
    assert code == 5
    assert "2 files end with _hierarchy_age.csv" in err


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "no single column"),
        (b"age;sex\n", "no rows"),
        (b"age;age\n1;2\n", "no single column age"),
        (b"\xff\xfeage;sex\n1;2\n", "cannot be read"),
        (f"age;sex\n{SECRET};1;2\n".encode(), "cannot be read"),
        (f"age;sex\n{SECRET}\n".encode(), "cannot be read"),
        (f"age;sex\n{SECRET};1\n".encode("cp932"), "cannot be read"),
        (b"PAR1" + SECRET.encode(), "cannot be read"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, rule: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    code, out, err = said(capsys, "risk", path, "--quasi", "age,sex" if b"age;age" not in data else "age")
    assert (code, out) == (5, "")
    assert rule in err
    assert said(capsys, "risk", tmp_path / "nowhere.csv", "--quasi", "age")[0] == 5


@pytest.mark.parametrize("words", [["--quasi", "age,,sex"], ["--quasi", "age,age"], []])
def test_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["risk", str(folder / "people.csv"), *words])
    assert end.value.code == 2
    capsys.readouterr()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from([b"", b"a;b\n", b"a,b\n1,2\n", b"PAR1", b"\xef\xbb\xbfa;b\n"]))
def test_any_bytes_are_a_table_or_an_error_of_ours(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(start + data)
    for read in (lambda: plaintables.read(path, ["a", "b"]), lambda: plaintables.labels(path, "hierarchy")):
        try:
            found = read()
        except FixConfiguration:
            continue
        assert len(found) > 0


@pytest.mark.parametrize("delimiter", [";", ","])
def test_cells_come_as_they_are(tmp_path: Path, delimiter: str) -> None:
    rows = [("a", "b"), ("01", "x;y,z,é"), ("", 'say "so"'), ("NULL", "two\nlines"), ("日本", "")]
    path = write(tmp_path / "t.csv", rows, delimiter)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert plaintables.read(path, ["b", "a"]).rows() == [(b, a) for a, b in rows[1:]]
    assert plaintables.labels(path, "x") == rows


def test_the_optimum_of_adult_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """ARX's case of 5-anonymity at 4 %, non-uniform entropy."""
    data = riskoracles.oracle("arx/data/adult.csv")
    words = ["--hierarchies", data.parent, "--quasi", ",".join(riskoracles.ADULT), "--k", "5", "--suppression", "0.04"]
    code, out, _ = said(capsys, "generalise", data, *words, "--metric", "entropy-monotonic", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["transformation"] == [1, 0, 1, 1, 3, 2, 2, 0, 1]
    assert found["loss"] == pytest.approx(255559.85455731067, rel=1e-12)
    assert (found["suppressed"], found["nodes"]) == (906, 12_960)


def test_a_table_too_large_for_memory_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plaintables, "MOST", 10)
    with pytest.raises(FixConfiguration, match=r"table\.size"):
        plaintables.read(folder / "people.csv", ["age"])


def test_parquet_of_many_equal_rows_is_large_however_small_the_file(tmp_path: Path) -> None:
    pl.select(a=pl.repeat("x", 2_000_000)).write_parquet(tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 1_000_000
    assert plaintables.size(tmp_path / "t.parquet") == 2_000_000 * plaintables.LARGE // plaintables.ROWS


def trails(folder: Path) -> Path:
    """Thirty people, three events each; those of one are like nobody else's."""
    rows = [("person", "sex", "month", "facility", "disease")]
    rows += [(str(p), "FM"[p % 2], f"2025-{4 + n:02d}", "0000001", f"D{p % 5}") for p in range(30) for n in range(3)]
    rows += [("30", "F", "2025-04", "0000002", "rare")]
    return write(folder / "events.csv", rows)


def test_trails_and_attacks_as_json_and_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["risk", trails(folder), "--quasi", "sex", "--sensitive", "disease", "--person", "person"]
    code, out, _ = said(capsys, *words, "--json")
    assert code == 0
    assert json.loads(out).keys().isdisjoint({"trail", "attacks"})
    events = ["--events", "month,facility,disease"]
    code, out, _ = said(capsys, *words, *events, "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["trail"]["exact"]
    assert figures["trail"]["known"]["2"]["unicity"] == dict.fromkeys(("share", "low", "high"), pytest.approx(1 / 31))
    assert figures["attacks"]["linkage"]["by_trail"] == pytest.approx(11 / 31)
    assert figures["attacks"]["inference"]["disease"]["certain"] == 0.0
    code, out, _ = said(capsys, *words, *events)
    assert "unique by 3 known events: 3.23% of people; by the worst choice 3.23%" in out
    assert "linkage (連結): by attributes 6.45% right, by whole trails 35.48%; by chance 3.23%" in out
    code, out, _ = said(capsys, *words, *events, "--linked-by", "month", "--seed", "4")
    assert code == 0
    assert "whole trails" not in out


@pytest.mark.parametrize(
    "words",
    [["--events", "month"], ["--events", "month,person", "--person", "person"],
     ["--events", "month", "--person", "person", "--seed", "-1"]],
)  # fmt: skip
def test_trails_belong_to_persons(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    code, _, err = said(capsys, "risk", trails(folder), "--quasi", "sex", *words)
    assert code != 0
    assert "trails belong to persons" in err
