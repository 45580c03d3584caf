"""The witness: cosigns consistent growth of the logs it knows and nothing else, whatever is sent, and remembers."""

from __future__ import annotations

import base64
import hashlib
import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from provision.cli import main
from provision.errors import FixConfiguration, LedgerBroken
from provision.ledger import merkle, notes
from provision.ledger.cosignature import WitnessKey, cosign, cosigned_at
from provision.ledger.merkle import Tree, leaf_hash
from provision.ledger.notes import Checkpoint
from provision.ledger.signing import Signer, Verifier
from provision.witness.cosigning import NotCosigned, Witness, request
from provision.witness.memory import Memory
from provision.witness.server import server

ORIGIN = "tokumei.test/provision-log"
NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def log_key(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("log") / "key", ORIGIN)


@pytest.fixture(scope="session")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("witness") / "key", "witness.test/w1")


@pytest.fixture
def witness(tmp_path: Path, log_key: Signer, own_key: Signer) -> Witness:
    return Witness(own_key, Memory(tmp_path / "state"), [log_key.verifier], lambda: NOON)


def tree(size: int, branch: str = "main", since: int = 0) -> Tree:
    """A log of `size` entries, which are those of another branch from `since` on."""
    return Tree(leaf_hash(f"{'main' if n < since else branch}{n}".encode()) for n in range(size))


def asked(log_key: Signer, old: int, of: Tree) -> str:
    note = notes.make(Checkpoint(ORIGIN, of.size, of.root(of.size)), log_key)
    proof = merkle.consistency_proof(old, of.size, of.get) if 0 < old <= of.size else []
    return request(old, proof, note)


def status(witness: Witness, text: str) -> int:
    try:
        witness.add_checkpoint(text)
    except NotCosigned as refused:
        return refused.status
    return 200


# -- the format ------------------------------------------------------------------------------------------------------


def test_a_cosignature_is_what_the_specification_says(own_key: Signer, log_key: Signer) -> None:
    note = notes.make(Checkpoint(ORIGIN, 3, bytes(32)), log_key)
    line = cosign(note, own_key, NOON)
    dash, name, data = line.rstrip("\n").split(" ")
    raw = base64.b64decode(data)
    assert (dash, name, len(raw)) == ("—", "witness.test/w1", 4 + 8 + 64)
    assert raw[:4] == hashlib.sha256(b"witness.test/w1\n\x04" + own_key.verifier.raw).digest()[:4]
    assert int.from_bytes(raw[4:12], "big") == int(NOON.timestamp())
    body = note.partition("\n\n")[0] + "\n"
    said = f"cosignature/v1\ntime {int(NOON.timestamp())}\n{body}".encode()
    Ed25519PublicKey.from_public_bytes(own_key.verifier.raw).verify(raw[12:], said)
    assert cosigned_at(note + line, WitnessKey.of(own_key)) == NOON
    assert notes.verify(note + line, [log_key.verifier]).size == 3  # who knows no witness passes over the line


def test_the_example_in_the_specification_has_the_same_shape() -> None:
    """C2SP tlog-cosignature: key id, time and signature of witness.example.com/w1."""
    data = base64.b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert (len(data), int.from_bytes(data[4:12], "big")) == (76, 1679315147)


def test_a_witness_key_and_a_log_key_are_not_mistaken_for_each_other(own_key: Signer) -> None:
    key = WitnessKey.of(own_key)
    assert WitnessKey.from_public(key.public) == key
    for kind, text in ((Verifier, key.public), (WitnessKey, own_key.public)):
        with pytest.raises(FixConfiguration):
            kind.from_public(text)


def test_a_changed_cosignature_is_no_cosignature(own_key: Signer, log_key: Signer) -> None:
    note = notes.make(Checkpoint(ORIGIN, 3, bytes(32)), log_key)
    data = bytearray(base64.b64decode(cosign(note, own_key, NOON).split(" ")[2]))
    for place in range(4, len(data)):
        spoiled = bytearray(data)
        spoiled[place] ^= 1
        line = f"— witness.test/w1 {base64.b64encode(bytes(spoiled)).decode()}\n"
        with pytest.raises(LedgerBroken):
            cosigned_at(note + line, WitnessKey.of(own_key))
    assert cosigned_at(note, WitnessKey.of(own_key)) is None


# -- what is cosigned ------------------------------------------------------------------------------------------------


@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_exactly_growth_is_cosigned(
    tmp_path_factory: pytest.TempPathFactory, log_key: Signer, own_key: Signer, sizes: list[int]
) -> None:
    witness = Witness(own_key, Memory(tmp_path_factory.mktemp("state")), [log_key.verifier], lambda: NOON)
    known = 0
    for size in sizes:
        old, expected = min(known, size), 200 if size >= known else 409
        assert status(witness, asked(log_key, old, tree(size))) == expected
        known = max(known, size)


@given(known=st.integers(1, 30), more=st.integers(0, 20), since=st.integers(0, 29))
def test_a_fork_is_never_cosigned(
    tmp_path_factory: pytest.TempPathFactory, log_key: Signer, own_key: Signer, known: int, more: int, since: int
) -> None:
    witness = Witness(own_key, Memory(tmp_path_factory.mktemp("state")), [log_key.verifier], lambda: NOON)
    assert status(witness, asked(log_key, 0, tree(known))) == 200
    other = tree(known + more, "other", min(since, known - 1))
    assert status(witness, asked(log_key, known, other)) == 422
    assert status(witness, asked(log_key, known, tree(known + more))) == 200  # the true one still is


def test_the_answers_of_the_protocol(witness: Witness, log_key: Signer, tmp_path: Path) -> None:
    stranger = Signer.create(tmp_path / "stranger", "another.test/log")
    forger = Signer.create(tmp_path / "forger", ORIGIN)
    good = asked(log_key, 0, tree(5))
    note = good.partition("\n\n")[2]
    zero = notes.make(Checkpoint(ORIGIN, 0, bytes(32)), log_key)
    other = notes.make(Checkpoint("another.test/log", 5, bytes(32)), stranger)
    spoiled = note[:-6] + ("A" if note[-6] != "A" else "B") + note[-5:]
    wrong = {
        "": 400,
        "old 0\n": 400,
        good.replace("old 0", "old 00"): 400,
        good.replace("old 0", "old -1"): 400,
        request(0, [], "no checkpoint\n"): 400,
        good.replace("old 0\n", "old 0\nnot base64\n"): 400,
        request(0, [bytes(32)] * 64, note): 400,
        request(6, [], note): 400,
        request(0, [], other): 404,
        asked(forger, 0, tree(5)): 403,
        request(0, [], spoiled): 403,
        request(3, [], note): 409,
        request(0, [bytes(32)], note): 422,
        request(0, [], zero): 422,
    }
    for text, expected in wrong.items():
        assert status(witness, text) == expected, text
    assert status(witness, good) == 200
    assert status(witness, asked(log_key, 5, tree(5))) == 200  # the same again
    with pytest.raises(NotCosigned) as conflict:
        witness.add_checkpoint(good)
    assert (conflict.value.status, conflict.value.known) == (409, 5)


def test_what_was_cosigned_is_remembered_before_the_answer(
    witness: Witness, log_key: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("provision.witness.cosigning.cosign", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            witness.add_checkpoint(asked(log_key, 0, tree(5)))
    assert status(witness, asked(log_key, 0, tree(3))) == 409
    assert status(witness, asked(log_key, 5, tree(6))) == 200


def test_of_many_at_once_none_rolls_it_back(witness: Witness, log_key: Signer) -> None:
    assert status(witness, asked(log_key, 0, tree(1))) == 200
    texts = [asked(log_key, 1, tree(size)) for size in range(2, 18)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: status(witness, text), texts))
    assert sorted(found) == [200] + [409] * 15
    kept = notes.parse(str(witness.memory.note(ORIGIN))).size
    assert found[kept - 2] == 200


# -- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def port(witness: Witness) -> Iterator[int]:
    listening = server(witness, "127.0.0.1", 0)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield listening.server_port
    listening.shutdown()
    listening.server_close()
    thread.join()


def post(port: int, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
    connection.close()
    return found


def test_the_http_interface(port: int, log_key: Signer, own_key: Signer) -> None:
    text = asked(log_key, 0, tree(5)).encode()
    code, _, line = post(port, text)
    note = text.decode().partition("\n\n")[2]
    assert (code, cosigned_at(note + line, WitnessKey.of(own_key))) == (200, NOON)
    assert post(port, text) == (409, "text/x.tlog.size", "5\n")
    assert post(port, text, "/other")[0] == 404
    assert post(port, b"\xff")[0] == 400
    assert post(port, b"x" * 100_000)[0] == 413
    assert post(port, asked(log_key, 5, tree(9, "other")).encode())[0] == 422
    assert post(port, asked(log_key, 5, tree(9)).encode())[0] == 200


def test_the_program_survives_kill_9(tmp_path: Path, log_key: Signer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["witness", "key", str(tmp_path / "key"), "--name", "witness.test/w2"]) == 0
    key = WitnessKey.from_public(capsys.readouterr().out)
    (tmp_path / "log.vkey").write_text(log_key.public + "\n")
    options = ["--key", tmp_path / "key", "--state", tmp_path / "state", "--log", tmp_path / "log.vkey"]
    serve = [sys.executable, "-m", "provision.cli", "witness", "serve", "--port", "0", *options]
    for old, size in ((0, 5), (5, 9)):
        with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            port = int(process.stderr.readline().rpartition(":")[2].partition("/")[0])
            text = asked(log_key, old, tree(size))
            code, _, line = post(port, text.encode())
            assert code == 200
            assert cosigned_at(text.partition("\n\n")[2] + line, key)
            process.send_signal(signal.SIGKILL)
    # The same memory answers a request that came as a file.
    (tmp_path / "request").write_text(asked(log_key, 9, tree(12)))
    assert main(["witness", "cosign", str(tmp_path / "request"), *map(str, options)]) == 0
    note = asked(log_key, 9, tree(12)).partition("\n\n")[2]
    assert cosigned_at(note + capsys.readouterr().out, key)
    (tmp_path / "request").write_text(asked(log_key, 9, tree(13)))
    assert main(["witness", "cosign", str(tmp_path / "request"), *map(str, options)]) == 6
