"""A folder is replaced in one step: readers, other writers and killed processes included."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from crl_probe.store import folder as folders
from crl_probe.store.folder import replace_folder
from crl_train.errors import ConfigError


def names_in(place):
    return sorted(path.name for path in place.iterdir() if path.name != "cache")


@pytest.fixture(params=["exchanged", "in two steps"])
def way(request, monkeypatch):
    if request.param == "in two steps":
        monkeypatch.setattr(folders, "_rename_exchange", lambda *_: errno.EINVAL)  # as on a network file system
    return request.param


def write(out, text):
    """Replace the folder by one with this page; an exception in place of the text is raised half-way."""
    with replace_folder(out) as folder:
        (folder / "page").write_text(str(text))
        if not isinstance(text, str):
            raise text


def test_the_new_content_replaces_the_old_and_nothing_else_stays(way, tmp_path):
    for text in ("first", "second"):
        write(tmp_path / "out", text)
        assert (tmp_path / "out" / "page").read_text() == text
        assert names_in(tmp_path) == ["out"]


def test_what_fails_leaves_the_old_content(way, tmp_path):
    write(tmp_path / "out", "old")
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error):
            write(tmp_path / "out", error)
    assert (tmp_path / "out" / "page").read_text() == "old"
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("interrupted_at", [1, 2])
def test_an_interrupt_between_two_steps_brings_the_old_content_back(tmp_path, monkeypatch, interrupted_at):
    out = tmp_path / "out"
    write(out, "old")
    moves, replace = [], os.replace

    def interrupted(source, target):
        moves.append(target)
        if len(moves) == interrupted_at:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(folders, "_rename_exchange", lambda *_: errno.ENOSYS)
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(out, "new")
    assert (out / "page").read_text() == "old"
    assert names_in(tmp_path) == ["out"]


def test_a_folder_that_cannot_be_replaced_is_one_sentence(tmp_path, monkeypatch):
    write(tmp_path / "out", "old")
    monkeypatch.setattr(folders, "_rename_exchange", lambda *_: errno.EBUSY)  # such as a mount point
    with pytest.raises(ConfigError, match=r"^out='.*out' cannot be written: Device or resource busy\. Choose a folder"):
        write(tmp_path / "out", "new")
    assert (tmp_path / "out" / "page").read_text() == "old"


def test_many_writers_all_succeed_and_readers_never_miss_the_page(way, tmp_path, monkeypatch):
    """Each move waits, so that writers meet inside of the exchange; the page is looked for all the time."""
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (time.sleep(0.002), replace(*paths)))
    out, writing, missed, failed = tmp_path / "out", threading.Event(), [], []
    write(out, "0")
    writing.set()

    def write_often(number):
        try:
            for turn in range(6):
                write(out, f"{number} {turn}")
        except BaseException as error:
            failed.append(error)

    def read_often():
        while writing.is_set():
            try:
                assert (out / "page").read_text()
            except OSError as error:
                missed.append(error)

    reader = threading.Thread(target=read_often)
    writers = [threading.Thread(target=write_often, args=(number,)) for number in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    reader.join()
    assert failed == []
    assert (out / "page").read_text().endswith(" 5")
    assert names_in(tmp_path) == ["out"]
    if way == "exchanged":
        assert missed == []


KILLED = """
import errno, os, sys
from pathlib import Path
from crl_probe.store import folder as folders

if sys.argv[2] == "between the steps":
    folders._rename_exchange = lambda *_: errno.ENOSYS
    replace = os.replace
    os.replace = lambda source, target: (replace(source, target), print("there", flush=True), sys.stdin.read())
with folders.replace_folder(Path(sys.argv[1])) as folder:
    (folder / "page").write_text("half")
    if sys.argv[2] == "while writing":
        print("there", flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("moment", ["while writing", "between the steps"])
def test_what_a_killed_process_left_is_swept_and_what_a_live_one_needs_is_not(tmp_path, moment):
    out = tmp_path / "out"
    write(out, "old")
    command = [sys.executable, "-c", KILLED, str(out), moment]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"there\n"
        left = names_in(tmp_path)
        folders._sweep(out)
        assert names_in(tmp_path) == left
        assert len(left) == 3
        writer.send_signal(signal.SIGKILL)
    folders._sweep(out)
    assert (out / "page").read_text() == "old"
    write(out, "new")
    assert (out / "page").read_text() == "new"
    assert names_in(tmp_path) == ["out"]


def test_folders_of_others_are_not_swept(tmp_path):
    others = [".out.draft", ".out.abcdefgh", ".out.backup.lock", ".out.b.abcdefgh.lock", "out.abcdefgh.lock"]
    for name in others:
        (tmp_path / name).mkdir() if "." not in name[5:] else (tmp_path / name).touch()
    write(tmp_path / "out", "new")
    assert names_in(tmp_path) == sorted([*others, "out"])


def test_without_locks_nothing_is_swept_and_the_folder_is_replaced(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    (tmp_path / ".out.abcdefgh.lock").touch()
    monkeypatch.setattr(fcntl, "flock", no_locks)
    write(tmp_path / "out", "new")
    assert names_in(tmp_path) == [".out.abcdefgh.lock", "out"]
