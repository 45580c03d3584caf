"""The allocator is asked once, and where it cannot be asked nothing is lost."""

from __future__ import annotations

import ctypes
import gc
import platform

import pytest

from provision.allocation import keep_freed_memory, pass_over_loaded_objects


def test_glibc_can_be_asked() -> None:
    keep_freed_memory.cache_clear()
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    keep_freed_memory.cache_clear()
    assert keep_freed_memory() is False
    keep_freed_memory.cache_clear()


def test_what_is_loaded_is_frozen_once() -> None:
    pass_over_loaded_objects.cache_clear()
    try:
        pass_over_loaded_objects()
        frozen = gc.get_freeze_count()
        assert frozen > 1_000
        later = [[number] for number in range(100)]
        pass_over_loaded_objects()
        assert gc.get_freeze_count() == frozen
        assert later
    finally:
        gc.unfreeze()
        pass_over_loaded_objects.cache_clear()
