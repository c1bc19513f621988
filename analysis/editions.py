"""
Editions as folders: one writer at a time, built aside, put in place in one step, so that nobody reads half of one.

A run that is killed at any moment leaves the edition that was there; the next one clears up behind it. Nothing is
followed out of the folder of editions: a symbolic link in the place of an edition is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import re
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputError, WorkError, shown

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = [
    "FAILED",
    "abandoned",
    "checked_name",
    "exclusive",
    "fail",
    "forget_failure",
    "publish",
    "recover",
    "write_whole",
]

FAILED = "failed"  # the folder, beside the editions, of runs that failed
_LOCKS = ".locks"
_EXCHANGE = 2  # RENAME_EXCHANGE of linux/fs.h
_HERE = -100  # AT_FDCWD
_SWAP = 2  # RENAME_SWAP of macOS's sys/stdio.h
_HEX = "[0-9a-f]{8}"
_SLICE = 0.5  # seconds of waiting after which a stop is looked for


def checked_name(name: str, *, what: str) -> str:
    """
    A name that may stand in the folder of editions.

    Raises
    ------
    InputError
        It begins with a dash or a dot, or holds a slash, a line break or what is no letter of a file's name.

    Examples
    --------
    >>> checked_name("seed-2024-12-19", what="edition")
    'seed-2024-12-19'
    """
    if not re.fullmatch(r"\w[\w.-]*", name) or ".." in name or name in {FAILED, "index.html", "feed.xml"}:
        raise InputError(
            f"{what} is {shown(name)}, expected a name of letters, digits, dots, dashes and underscores, like seed"
        )
    if len(os.fsencode(name)) > 200:  # 255 bytes is the most a file system takes; a token and a mark are added
        raise InputError(f"{what} is {shown(name)}, expected a name of at most 200 bytes")
    return name


@contextlib.contextmanager
def exclusive(
    target: Path,
    *,
    deadline: float | None = None,
    waiting: Callable[[], object] | None = None,
    stopped: threading.Event | None = None,
) -> Iterator[None]:
    """
    Be the only writer of an edition: wait for another one, whose lock the system drops when it dies.

    Parameters
    ----------
    target : Path
        The folder of the edition, or a file beside the editions.
    deadline : float, optional
        A moment of `time.monotonic`.
    waiting : callable, optional
        Called once when there is somebody to wait for.
    stopped : Event, optional
        When it is set, nobody waits any longer.

    Raises
    ------
    InputError
        The folder of editions cannot be made or written.
    WorkError
        Somebody else was still at it when the deadline passed, or when the wait was stopped.
    """
    from filelock import FileLock, Timeout

    place = target.parent / _LOCKS / f"{target.name}.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place, mode=0o644)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if waiting:
                waiting()
            _wait(lock, deadline, stopped)
    except Timeout:
        raise WorkError(f"{target} is being written by another run, which did not end in time") from None
    except OSError as error:
        raise InputError(f"output folder {target.parent} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def _wait(lock: BaseFileLock, deadline: float | None, stopped: threading.Event | None) -> None:
    """Take a lock as soon as it is free, in slices: a wait inside the lock itself hears of no signal."""
    from filelock import Timeout

    limit = math.inf if deadline is None else deadline
    while True:
        left = 0.0 if stopped is not None and stopped.is_set() else max(0.0, limit - time.monotonic())
        try:
            lock.acquire(timeout=min(_SLICE, left))  # of filelock, a negative one has no end
        except Timeout:
            if not left:
                raise
        else:
            return


def publish(build: Callable[[Path], None], target: Path) -> Path:
    """
    Build a folder aside and put it in place in one step.

    Parameters
    ----------
    build : callable
        Fills the empty folder it is given. When it raises, nothing is left of it and the target is as before.
    target : Path
        The folder to make. A folder already there is replaced as a whole.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        The parent of the target cannot be made or written, or the target is a symbolic link.
    WorkError
        The system refused to write or to move, for example on a full disk.
    """
    if target.is_symlink():
        raise InputError(f"output folder {target} is a symbolic link; name a folder, or remove the link")
    place = target.parent.resolve() / target.name
    folder = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()  # and not tempfile's, which only its owner could read
    except OSError as error:
        raise InputError(f"output folder {target} cannot be written: {error.strerror}") from error
    try:
        build(folder)
        _settle(folder)
        _move(folder, place)
        _settle_names(place.parent)
    except OSError as error:
        raise WorkError(f"{target} was not written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # after an exchange, what was in place before
    return target


def _settle(folder: Path) -> None:
    """Have the disk hold every file before the name does; a power cut then leaves the old edition or the new one."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as held:
                os.fsync(held.fileno())
        elif file.is_dir():
            _settle_names(file)
    _settle_names(folder)


def _settle_names(folder: Path) -> None:
    """Have the disk hold the names in a folder; Windows cannot open one, and holds them by itself."""
    if sys.platform == "win32":
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _move(folder: Path, place: Path) -> None:
    """Put the folder in place, in one step where the system has one for it; what was there ends up under its name."""
    if not place.exists():
        folder.rename(place)
        return
    if place.is_dir() and _exchange(folder, place):
        return
    aside = folder.with_name(f"{folder.name}-previous")  # `recover` puts it back when the next line is the last
    place.rename(aside)
    try:
        folder.rename(place)
    except OSError:
        aside.rename(place)
        raise
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names at once; false where the system or the disk has no call for it."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform != "win32" else None
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2"):
        failed = libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    elif hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(*names, _SWAP)
    else:
        return False
    # EPERM: what a container's filter answers to a call that it does not know.
    if failed and ctypes.get_errno() not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return not failed


def write_whole(file: Path, content: bytes) -> None:
    """
    Write a file aside and move it into place: a reader, or whoever clears up behind a killed run, has all of it.

    Raises
    ------
    WorkError
        The system refused.
    """
    aside = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        aside.write_bytes(content)
        aside.replace(file)  # os.replace: in one step
    except OSError as error:
        raise WorkError(f"{file} was not written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)


def abandoned(folder: Path) -> tuple[Path, ...]:
    """
    The editions of which something half-built or set aside lies in a folder.

    Whether a run is still at it, its lock tells. What has no lock was not left by a run, and is nobody's to remove.
    """
    if not folder.is_dir():
        return ()
    pattern = re.compile(rf"\.(.+?)-{_HEX}(-previous)?")
    left = [child.name for child in folder.iterdir() if child.is_dir() and not child.is_symlink()]
    names = {match[1] for name in left if (match := pattern.fullmatch(name))}
    return tuple(folder / name for name in sorted(names) if (folder / _LOCKS / f"{name}.lock").is_file())


def recover(target: Path) -> tuple[Path, ...]:
    """
    Clear up behind runs that were killed: an edition set aside goes back, half-built folders are handed over.

    Only for who holds the lock of `exclusive`: nobody else is then at this edition.

    Returns
    -------
    tuple of Path
        The half-built folders, for the caller to look through and remove.
    """
    name = re.escape(target.name)
    found = sorted(child for child in target.parent.iterdir() if child.is_dir() and not child.is_symlink())
    for child in found:
        if re.fullmatch(rf"\.{name}-{_HEX}-previous", child.name):
            if target.exists():
                shutil.rmtree(child)
            else:
                child.rename(target)
    return tuple(child for child in found if re.fullmatch(rf"\.{name}-{_HEX}", child.name))


def fail(target: Path, files: dict[str, str]) -> Path:
    """
    Keep what is left of a failed run in ``failed/<edition>`` beside the editions, in place of an earlier failure.

    Parameters
    ----------
    target : Path
        The folder of the edition that was not made.
    files : dict of str to str
        Text by file name: the notebook up to the failing cell, and the record of the run.

    Returns
    -------
    Path
        The folder of the failure.
    """
    folder = target.parent / FAILED
    if folder.is_symlink():
        raise InputError(f"{folder} is a symbolic link; name a folder, or remove the link")

    def build(made: Path) -> None:
        for name, text in files.items():
            (made / name).write_text(text, encoding="utf-8")

    return publish(build, folder / target.name)


def forget_failure(target: Path) -> None:
    """Remove what an earlier failure of an edition has left, once it is made; never through a symbolic link."""
    folder = target.parent / FAILED
    if not folder.is_symlink():
        shutil.rmtree(folder / target.name, ignore_errors=True)
