"""A file is the old one or the new one, whatever happens while it is written."""

import stat

import pytest

from crl_train.atomic_file import write_text_atomically


def test_failed_write_leaves_the_old_text_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_text_atomically(path, "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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
