"""What a library writes to the standard error by itself: nothing of it comes out where it fails."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext

import pytest

from provision.formats import excelfile
from provision.formats.base import BadFile
from provision.formats.hushed import hushed
from tests.support.madeup import of_kind, read, workbook
from tests.unit.formats.test_excelfile import BOMBS

PANIC = BOMBS["a day millions of years away"][0]


def said(capfd: pytest.CaptureFixture[str]) -> str:
    """What came out of file descriptor 2."""
    os.write(2, b"|")
    return capfd.readouterr().err


def test_a_panic_of_the_library_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadFile) as refused:
        read(of_kind("excel"), PANIC())
    assert refused.value.rule == "excel.broken"
    assert said(capfd) == "|"


def test_it_would_have_said_something(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excelfile, "hushed", nullcontext)
    with pytest.raises(BadFile):
        read(of_kind("excel"), PANIC())
    assert "panicked" in said(capfd)


def test_a_workbook_that_is_sound_hushes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    read(of_kind("excel"), workbook())
    assert said(capfd) == "|"


def test_what_others_write_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    other = threading.Thread(target=os.write, args=(2, b"another thread"))
    with hushed(), hushed():
        other.start()
        other.join()
    assert said(capfd) == "another thread|"


def test_whatever_is_raised_is_raised_on_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    @hushed()
    def fail(error: type[BaseException]) -> None:
        os.write(2, "架空 太郎".encode())
        raise error

    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
    assert said(capfd) == "|"


def test_a_process_without_a_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    before = os.dup(2)
    try:
        os.close(2)
        with hushed():
            done = True
    finally:
        os.dup2(before, 2)
        os.close(before)
    assert done
