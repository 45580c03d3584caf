"""The allocator is asked once, and where it cannot be asked nothing is lost."""

from __future__ import annotations

import ctypes
import platform

import pytest

from provision.allocation import keep_freed_memory


def test_glibc_can_be_asked() -> None:
    keep_freed_memory.cache_clear()
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    keep_freed_memory.cache_clear()
    assert keep_freed_memory() is False
    keep_freed_memory.cache_clear()
