"""Every public exception, grouped by what the operator can do about it.

* `RetryLater`: a server or a disk said no for now; the same task may succeed unchanged.
* `FixConfiguration`: a file in `config/` or a credential is wrong; a person changes it.
* `Refused`: the rules say no. Trying again is pointless and never done automatically.

A message names the place, the rule and the remedy, and never a value from the data. Code that catches an
exception which could carry a value raises one of these with `from None`.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar


class TokumeiError(Exception):
    """Base of all errors shown to an operator without a traceback.

    `what` says what is wrong, `where` names file, key or record, `rule` the rule that was broken (a short
    stable slug such as ``uke.totals``) and `remedy` what to do now.
    """

    exit_code = 1

    def __init__(self, what: str, *, remedy: str, where: str = "", rule: str = "") -> None:
        self.what, self.where, self.rule, self.remedy = what, where, rule, remedy
        place = f"{where}: " if where else ""
        law = f" [{rule}]" if rule else ""
        super().__init__(f"{place}{what}{law} -> {remedy}")


class RetryLater(TokumeiError):
    """Nothing is wrong with us: try the same again later."""

    exit_code = 4


class FixConfiguration(TokumeiError):
    """A person must change configuration, a key or a permission first."""

    exit_code = 5


class Refused(TokumeiError):
    """The platform will not do this; retrying changes nothing."""

    exit_code = 6


class Quarantined(Refused):
    """A received file cannot be taken whole; it is kept, encrypted, for a person to look at."""

    exit_code = 2


class GateStopped(Refused):
    """The gate found something, or could not look: nothing leaves."""

    exit_code = 3


class IllegalTransition(Refused):
    """A release, delivery or batch may not change from the state it is in to the one asked for."""


class DeliveryUnknown(Refused):
    """An attempt has no recorded end and cannot be repeated safely; an operator resolves it."""

    exit_code = 7


class LedgerBroken(Refused):
    """The provision log does not verify."""

    exit_code = 8


class Defect(TokumeiError):
    """Something nobody expected. Says which kind of error and where in the code, because its text may hold a value."""


#: What Polars, age and others raise where Rust code panics: no `Exception`, and every library has a class of its own.
_PANIC = "PanicException"

Step = TypeVar("Step", bound=Callable[..., object])


def without_values(step: Step) -> Step:
    """Make a step safe to run where its errors are logged: an unexpected error becomes a `Defect` without its text.

    Engines quote the cell they stumble over, and Airflow's viewers read task logs. Engines written in Rust panic with
    such texts, too, in an error that is no `Exception`. The error is raised outside the handler, so that not even its
    context is kept.
    """

    @wraps(step)
    def guarded(*arguments: object, **named: object) -> object:
        try:
            return step(*arguments, **named)
        except TokumeiError:
            raise
        except Exception as error:
            found = _defect(error)
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            found = _defect(error)
        raise found

    return guarded  # type: ignore[return-value]


#: Errors of a machine that is full or busy: nothing is wrong with us, the same may succeed later.
_LATER = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})


#: What is missing of these is a mistake of ours.
_OURS = frozenset({"provision", "anonymization", "expectations"})


def _library(error: ModuleNotFoundError) -> str:
    """Name of the library of others that is missing, as auditors' small installations lack some; else nothing."""
    name = (error.name or "").partition(".")[0]
    return name if name.isascii() and name.isidentifier() and name not in _OURS else ""


def _defect(error: BaseException) -> TokumeiError:
    if (isinstance(error, OSError) and error.errno in _LATER) or isinstance(error, MemoryError):
        return RetryLater(
            "the machine has no room left", rule="machine.full", remedy="make room (disk, memory, open files)"
        )
    if isinstance(error, ModuleNotFoundError) and (library := _library(error)):
        return FixConfiguration(
            f"the library {library} is needed for this and is not installed",
            rule="machine.library",
            remedy="install requirements.runtime.lock",
        )
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Defect(
        f"{type(error).__name__}, an error nobody expected",
        where=place,
        rule="defect",
        remedy="nothing was taken in, made or sent; tell the developers this place",
    )
