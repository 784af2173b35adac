"""A file is the old one or the new one, whatever happens while it is written."""

import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_train.atomic_file import remove_unfinished, write_text_atomically


def test_failed_write_leaves_the_old_text_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_text_atomically(path, "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["file", "file [1]*", ".hidden", "\udcff"], ids=ascii)
def test_what_a_killed_write_leaves_is_known_again(tmp_path, name):
    path = tmp_path / name
    write_text_atomically(path, "old")
    killed = "os.replace = lambda *_: os._exit(9); write_text_atomically(Path(sys.argv[1]), 'new')"
    imports = "import os, sys; from pathlib import Path; from crl_train.atomic_file import write_text_atomically"
    assert subprocess.run([sys.executable, "-c", f"{imports}; {killed}", path]).returncode == 9
    assert len(list(tmp_path.iterdir())) == 2
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_folders_are_made_and_others_may_read(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    write_text_atomically(path, "ψ")
    assert path.read_text(encoding="utf-8") == "ψ"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_place_without_files_is_told_by_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="no file can be made there") as caught:
        write_text_atomically(tmp_path / "file" / "new", "")
    assert caught.value.filename == str(tmp_path / "file" / "new")


@given(st.text(st.characters(), max_size=20))
def test_any_text_is_written_as_utf_8(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "file"
    write_text_atomically(path, text)
    read = path.read_bytes().decode("utf-8")
    assert read == text or any("\ud800" <= char <= "\udfff" for char in text)


def test_bytes_that_are_no_text_are_written_as_they_are_typed(tmp_path):
    write_text_atomically(tmp_path / "file", "maze\udcff\udc80 \ud800 ψ")
    assert (tmp_path / "file").read_text(encoding="utf-8") == r"maze\xff\x80 \ud800 ψ"
