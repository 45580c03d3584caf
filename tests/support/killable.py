"""One step of intake or release as a process of its own that kills itself at a marked point; started by `processes`.

The marks are put around the product's own functions here, by monkeypatching: the product knows nothing of them.

    event:N            before the N-th change in the file system (open for writing, rename, remove, make, link)
    before:TYPE        before the ledger entry of this type is appended, after:TYPE when it has been
    progress:SHARE     when a channel says that this share of the bytes is transferred
    sent:BYTES         when so many bytes went into an encrypted connection
    handed:            when the channel has given its receipt
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from typing import Any

MARK_VARIABLE = "KILL_AT"
STEPS = {"receive": "intake", "take-in": "intake", "carry-out": "persons.erasing"} | dict.fromkeys(
    ("draft", "make", "gate", "publish", "deliver"), "releasing"
)
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"})
_WRITING = os.O_WRONLY | os.O_RDWR

changes = 0


def die() -> None:
    """As kill -9 does: no handler, no `finally`, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)


def count_changes(fatal: int) -> None:
    """Count changes in the file system through Python, and die before the one numbered `fatal`."""
    home = os.environ["TOKUMEI_HOME"]

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        global changes
        opened = event == "open" and str(arguments[0]).startswith(home) and int(arguments[2] or 0) & _WRITING
        if opened or event in _CHANGES:
            changes += 1
            if changes == fatal:
                die()

    sys.addaudithook(heard)


def at_entry(when: str, type: str) -> None:
    """Die before or after the ledger takes an entry of this type."""
    from provision.ledger.store import Ledger

    insert = Ledger._insert

    def watched(self: Ledger, new: Any) -> Any:
        if when == "before" and new.type == type:
            die()
        return insert(self, new)

    def around(name: str, type_of: Callable[..., str]) -> None:
        method = getattr(Ledger, name)

        def call(self: Ledger, *arguments: Any, **named: Any) -> Any:
            entry = method(self, *arguments, **named)
            if when == "after" and type_of(*arguments) == type:
                die()
            return entry

        setattr(Ledger, name, call)

    Ledger._insert = watched  # type: ignore[method-assign]
    around("append", lambda *a: str(a[0]))
    around("transition", lambda *a: f"{a[0]}.{a[2]}")


def at_progress(share: float) -> None:
    """Die when so much is transferred."""
    from provision.releasing import delivering

    def report(done: int, total: int) -> None:
        if done >= share * total:
            die()

    delivering._progress = lambda consignment: report


def at_sent(limit: int) -> None:
    """Die when so many bytes were handed to TLS."""
    send, total = ssl.SSLSocket.send, 0

    def counted(self: ssl.SSLSocket, data: Any, flags: int = 0) -> int:
        nonlocal total
        size = send(self, data, flags)
        total += size
        if total >= limit:
            die()
        return size

    ssl.SSLSocket.send = counted  # type: ignore[method-assign]


def at_receipt() -> None:
    """Die when the channel has handed over and nobody has written it down."""
    from provision.releasing import delivering

    delivering._plain = lambda receipt: die()  # type: ignore[assignment,return-value]


def install(mark: str) -> None:
    """Put the mark in place."""
    word, _, rest = mark.partition(":")
    count_changes(int(rest) if word == "event" else 0)
    if word in {"before", "after"}:
        at_entry(word, rest)
    elif word == "progress":
        at_progress(float(rest))
    elif word == "sent":
        at_sent(int(rest))
    elif word == "handed":
        at_receipt()


def main() -> int:
    """Run STEP SUBJECT (for draft: PLAN=RUN); prints ``ready``, then what came out as JSON. Exit codes as `tokumei`."""
    sys.dont_write_bytecode = True
    step, subject = sys.argv[1:]
    from importlib import import_module

    from provision.context import open_context
    from provision.errors import TokumeiError
    from provision.formats import formats
    from tests.support.visits import Visits

    formats()["visits"] = Visits()  # sources of a test may send them
    room = import_module(f"provision.{STEPS[step]}")
    run, context = getattr(room, step.replace("-", "_")), open_context()
    names = subject.split("=")  # a draft has two: plan and run
    print("ready", flush=True)
    install(os.environ.get(MARK_VARIABLE, ""))
    try:
        result = run(context, *names, actor="test:killable")
    except TokumeiError as error:
        print(json.dumps({"changes": changes, "error": type(error).__name__, "rule": error.rule}))
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps({"changes": changes, "result": result}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
