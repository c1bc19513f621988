"""Editions as folders: names, locks, the one step into place, and what is left when a run is killed."""

import ctypes
import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from analysis import editions
from analysis.errors import InputError, WorkError


def contents(target: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in target.iterdir()}


def test_publish_makes_and_replaces_a_folder_as_a_whole(tmp_path):
    target = tmp_path / "a" / "b" / "edition"
    assert editions.publish(lambda folder: (folder / "old").write_text("1") and None, target) == target
    assert contents(target) == {"old": "1"}

    def build(folder: Path) -> None:
        assert folder.parent == target.parent  # the same disk, so that moving is one step
        assert contents(target) == {"old": "1"}  # readers have the old one until the end
        (folder / "new").write_text("2")

    editions.publish(build, target)
    assert contents(target) == {"new": "2"}
    assert [child.name for child in target.parent.iterdir()] == ["edition"]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(tmp_path, failure):
    target = tmp_path / "edition"
    editions.publish(lambda folder: (folder / "old").write_text("1") and None, target)

    def build(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise failure

    with pytest.raises(type(failure)):
        editions.publish(build, target)
    assert contents(target) == {"old": "1"}
    assert [child.name for child in tmp_path.iterdir()] == ["edition"]


def test_a_move_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "edition"
    editions.publish(lambda folder: (folder / "old").write_text("1") and None, target)
    rename = Path.rename

    def refuse(self: Path, to: Path) -> Path:
        if to == target and not self.name.endswith("-previous"):
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(editions, "_exchange", lambda *_: False)
    with pytest.raises(WorkError, match="edition was not written: No space left on device"):
        editions.publish(lambda folder: (folder / "new").write_text("2") and None, target)
    assert contents(target) == {"old": "1"}
    assert [child.name for child in tmp_path.iterdir()] == ["edition"]


def test_a_folder_that_cannot_be_made_is_wrong_input(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"output folder .*file/edition cannot be written: (Not a directory|File exists)"
    ):
        editions.publish(lambda folder: None, tmp_path / "file" / "edition")  # noqa: ARG005


def test_a_full_disk_is_failed_work(tmp_path):
    def build(folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    with pytest.raises(WorkError, match=r"edition was not written: No space left on device$"):
        editions.publish(build, tmp_path / "edition")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked here whether two folders change names at once")
def test_the_old_folder_and_the_new_change_names_at_once(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    if not editions._exchange(tmp_path / "one", tmp_path / "other"):
        pytest.fail("the disk of the temporary folder cannot exchange two names")
    assert (tmp_path / "one" / "file").read_text() == "other"
    assert (tmp_path / "other" / "file").read_text() == "one"


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_where_the_call_is_forbidden_the_folders_are_moved_one_after_the_other(tmp_path, monkeypatch):
    """Some containers answer EPERM to calls that they do not know."""

    class Filtered:
        @staticmethod
        def renameat2(*_: object) -> int:
            ctypes.set_errno(errno.EPERM)
            return -1

    target = tmp_path / "edition"
    editions.publish(lambda folder: (folder / "old").write_text("1") and None, target)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Filtered)
    editions.publish(lambda folder: (folder / "new").write_text("2") and None, target)
    assert contents(target) == {"new": "2"}
    assert [child.name for child in tmp_path.iterdir()] == ["edition"]


def test_there_is_an_edition_at_every_moment(tmp_path):
    """A reader that never stops looking finds the old or the new edition, whole."""
    target = tmp_path / "edition"

    def make(folder: Path, text: str) -> None:
        (folder / "a").write_text(text)
        (folder / "b").write_text(text)

    editions.publish(lambda folder: make(folder, "0"), target)
    code = f"""
import pathlib
seen = set()
place = pathlib.Path({str(target)!r})
print("ready", flush=True)
while "60" not in seen:
    seen.add((place / "a").read_text())
print(len(seen))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout.readline() == "ready\n"
        for text in map(str, range(1, 61)):
            editions.publish(lambda folder, text=text: make(folder, text), target)
            time.sleep(0.005)
        out, err = one.communicate(timeout=60)
    assert err == ""
    assert int(out) > 5  # it did look in between


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../x",
        "a/b",
        "a\nb",
        "-x",
        ".hidden",
        "a..b",
        "a b",
        "'",
        "failed",
        "index.html",
        "x" * 201,
        "a\x1b[0m",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(InputError, match=r"edition is .*, expected a name"):
        editions.checked_name(name, what="edition")


@pytest.mark.parametrize("name", ["seed-2024-12-19", "공개-2024-12-19", "my_claims.v2"])
def test_plain_names_are_taken(name):
    assert editions.checked_name(name, what="edition") == name


def test_a_symbolic_link_in_the_place_of_an_edition_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "report.html").write_text("not an edition of ours")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "edition").symlink_to(outside, target_is_directory=True)
    (reports / "failed").symlink_to(outside, target_is_directory=True)
    with pytest.raises(InputError, match="edition is a symbolic link"):
        editions.publish(lambda folder: None, reports / "edition")  # noqa: ARG005
    with pytest.raises(InputError, match="failed is a symbolic link"):
        editions.fail(reports / "edition", {"run.json": "{}"})
    assert [child.name for child in outside.iterdir()] == ["report.html"]


def test_what_a_killed_run_has_set_aside_is_put_back(tmp_path):
    for name in (".edition-0a1b2c3d-previous", ".edition-99999999", ".edition-extra-99999999", ".other-99999999"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    assert editions.recover(tmp_path / "edition") == (tmp_path / ".edition-99999999",)
    assert contents(tmp_path / "edition") == {"file": ".edition-0a1b2c3d-previous"}
    # Where the new edition had arrived, what was set aside goes.
    (tmp_path / ".edition-0a1b2c3d-previous").mkdir()
    editions.recover(tmp_path / "edition")
    assert not (tmp_path / ".edition-0a1b2c3d-previous").exists()
    assert (tmp_path / ".edition-extra-99999999").is_dir()


def test_what_runs_have_left_is_found_for_each_edition_that_has_a_lock(tmp_path):
    assert editions.abandoned(tmp_path / "none") == ()
    for name in ("one-2024", "two", "three-0a1b2c3d"):
        with editions.exclusive(tmp_path / name):
            pass
    for name in (".one-2024-0a1b2c3d", ".two-99999999-previous", ".two-99999999", ".three", ".cache-0a1b2c3d", "x"):
        (tmp_path / name).mkdir()
    (tmp_path / ".three-0a1b2c3d-99999999").symlink_to(tmp_path / "x", target_is_directory=True)
    assert editions.abandoned(tmp_path) == (tmp_path / "one-2024", tmp_path / "two")


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "report.ipynb"
    editions.write_whole(file, b"old")
    assert contents(tmp_path) == {"report.ipynb": "old"}
    write_bytes = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        write_bytes(self, content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WorkError, match=r"report\.ipynb was not written: No space left on device"):
        editions.write_whole(file, b"new")
    assert contents(tmp_path) == {"report.ipynb": "old"}


def hold(target: Path, seconds: float) -> subprocess.Popen:
    """Another process that has the lock of an edition."""
    code = f"""
import pathlib, time
from analysis.editions import exclusive
with exclusive(pathlib.Path({str(target)!r})):
    print("held", flush=True)
    time.sleep({seconds})
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_writer_waits_for_the_first(tmp_path):
    called = []
    with (
        hold(tmp_path / "edition", 1.0) as process,
        editions.exclusive(tmp_path / "edition", waiting=lambda: called.append(1)),
    ):
        assert process.wait(timeout=30) == 0  # it has let go, and ends
    assert called == [1]


def test_the_second_writer_gives_up_at_its_deadline(tmp_path):
    with hold(tmp_path / "edition", 600) as process:
        with (
            pytest.raises(WorkError, match="edition is being written by another run, which did not end in time"),
            editions.exclusive(tmp_path / "edition", deadline=time.monotonic() + 0.1),
        ):
            pytest.fail("two writers at once")
        process.kill()


def test_a_writer_that_is_stopped_waits_no_longer(tmp_path):
    """The system's own wait would hear nothing of it."""
    stopped = threading.Event()
    with hold(tmp_path / "edition", 600) as process:
        with (
            pytest.raises(WorkError, match="edition is being written by another run"),
            editions.exclusive(tmp_path / "edition", waiting=stopped.set, stopped=stopped),
        ):
            pytest.fail("two writers at once")
        process.kill()


def test_a_dead_writer_holds_no_lock(tmp_path):
    with hold(tmp_path / "edition", 600) as process:
        process.kill()
    with editions.exclusive(tmp_path / "edition", deadline=time.monotonic() + 30):
        pass


def test_a_lock_is_no_way_out_of_the_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    (tmp_path / "reports" / ".locks").mkdir(parents=True)
    (tmp_path / "reports" / ".locks" / "edition.lock").symlink_to(outside)
    with pytest.raises(InputError, match="cannot be written"), editions.exclusive(tmp_path / "reports" / "edition"):
        pytest.fail("the link was followed")
    assert outside.read_text() == "untouched"


def test_what_failed_is_kept_and_replaced_by_the_next_failure(tmp_path):
    for text in ("first", "second"):
        folder = editions.fail(tmp_path / "edition", {"run.json": text})
    assert folder == tmp_path / "failed" / "edition"
    assert contents(folder) == {"run.json": "second"}


def test_a_success_removes_the_failure_and_nothing_behind_a_symbolic_link(tmp_path):
    editions.fail(tmp_path / "edition", {"run.json": "{}"})
    editions.fail(tmp_path / "other", {"run.json": "{}"})
    editions.forget_failure(tmp_path / "edition")
    assert [child.name for child in (tmp_path / "failed").iterdir()] == ["other"]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "failed").symlink_to(tmp_path / "failed", target_is_directory=True)
    editions.forget_failure(tmp_path / "reports" / "other")
    assert contents(tmp_path / "failed" / "other") == {"run.json": "{}"}


def test_others_can_read_an_edition(tmp_path):
    mask = os.umask(0)
    os.umask(mask)
    editions.publish(lambda folder: None, tmp_path / "edition")  # noqa: ARG005
    assert (tmp_path / "edition").stat().st_mode & 0o777 == 0o777 & ~mask
