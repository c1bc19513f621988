"""Editions as folders: built aside and moved into place in one step, so that nobody reads half of one."""

import contextlib
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from analysis.errors import InputError, WorkError

__all__ = ["publish"]


def publish(build: Callable[[Path], None], target: Path) -> Path:
    """
    Build a folder aside and move it into place in one step, so that nobody reads half of one.

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
        The parent of the target cannot be made or written.
    WorkError
        The system refused to write or to move, for example on a full disk.
    """
    place = target.resolve()
    folder = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()  # and not tempfile's, which only its owner could read
    except OSError as error:
        raise InputError(f"output folder {target} cannot be written: {error.strerror}") from error
    try:
        build(folder)
        _move(folder, place)
    except OSError as error:
        raise WorkError(f"{target} was not written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already when all went well
    return target


def _move(folder: Path, place: Path) -> None:
    """Put the folder in place; what was there is set aside, and put back if that fails or else removed."""
    aside = folder.with_name(f"{folder.name}-previous")
    with contextlib.suppress(FileNotFoundError):
        place.rename(aside)
    try:
        folder.rename(place)
    except OSError:
        if aside.exists():
            aside.rename(place)
        raise
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)
