"""An unexpected error in a step never brings a value of the data into a log."""

from __future__ import annotations

import traceback

import polars as pl
import pytest

from provision import intake, releasing
from provision.errors import Defect, FixConfiguration, Refused, RetryLater, without_values

VALUE = "架空 太郎 03-0000-0000"


@without_values
def stumbles() -> None:
    pl.DataFrame({"points": [VALUE]}).select(pl.col("points").cast(pl.Int64))


@without_values
def refuses() -> None:
    raise Refused("no", remedy="none")


def test_the_engine_quotes_the_value_and_the_guard_does_not() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError, match="架空"):
        stumbles.__wrapped__()  # type: ignore[attr-defined]
    with pytest.raises(Defect) as caught:
        stumbles()
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value) + repr(caught.value)
    assert VALUE not in shown
    assert caught.value.__context__ is None
    assert "InvalidOperationError" in str(caught.value)
    assert "test_errors.py:" in str(caught.value)


def test_a_panic_of_an_engine_is_guarded_too() -> None:
    @without_values
    def panics() -> None:
        raise pl.exceptions.PanicException(VALUE)

    with pytest.raises(Defect) as caught:
        panics()
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_what_ends_a_task_passes_unchanged() -> None:
    @without_values
    def ends() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        ends()


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(Refused):
        refuses()


@pytest.mark.parametrize("room", [intake, releasing])
def test_every_step_is_guarded(room: object) -> None:
    for name in room.__all__:  # type: ignore[attr-defined]
        assert hasattr(getattr(room, name), "__wrapped__"), name


def test_a_full_disk_is_tried_again() -> None:
    @without_values
    def full() -> None:
        raise OSError(28, "No space left on device", VALUE)

    with pytest.raises(RetryLater) as caught:
        full()
    assert VALUE not in str(caught.value)


def test_a_library_that_is_not_installed_is_named() -> None:
    """An auditor's small installation has no engine that reads tables."""

    @without_values
    def needs(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {VALUE}", name=name)

    with pytest.raises(FixConfiguration) as caught:
        needs("kakuu_library.inner")
    assert "kakuu_library is needed" in str(caught.value)
    assert "requirements.runtime.lock" in caught.value.remedy
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    for ours_or_no_name in ("provision.unheard_of", VALUE, ""):
        with pytest.raises(Defect):
            needs(ours_or_no_name)
