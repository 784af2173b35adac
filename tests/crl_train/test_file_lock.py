"""File systems without locks are refused before anything is made there, whichever of the two kinds they lack."""

import errno
import fcntl
import os

import pytest

from crl_train.errors import CheckpointError
from crl_train.file_lock import require_locks, try_lock
from crl_train.run_dir import RunDir
from crl_train.run_record import create_run
from crl_train.training import train
from tests.crl_train.helpers import FakeObserver, invoke, new_run, tiny_config


def without(monkeypatch, kind, number):
    """Let this process have no locks of a kind, as on a file system without them."""

    def refuse(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, kind, refuse)


NUMBERS = [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO]


@pytest.mark.parametrize("kind", ["flock", "lockf"])
@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
def test_run_is_refused_before_anything_is_made(tmp_path, monkeypatch, kind, number):
    without(monkeypatch, kind, number)
    out = tmp_path / "scratch" / "runs"
    result = invoke("run", "point_u_maze", "--preset", "smoke", "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: '{out / 'point_u_maze_d4_s0'}' is on a file system without locks ({os.strerror(number)}): a run there "
        "could be trained by two processes at once, and its checkpoints cannot be written. Choose another place with "
        "--out, or have it mounted with locks (Lustre: -o flock).\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["flock", "lockf"])
@pytest.mark.parametrize("number", NUMBERS[:3], ids=errno.errorcode.get)
def test_run_that_came_to_such_a_file_system_is_not_trained_there(tmp_path, monkeypatch, kind, number):
    run = new_run(tmp_path / "run", tiny_config())
    without(monkeypatch, kind, number)
    with pytest.raises(CheckpointError, match="is on a file system without locks"):
        train(run, FakeObserver())
    assert sorted(path.name for path in run.path.iterdir()) == ["config.json"]


def test_place_with_locks_is_taken_and_shows_no_trace(tmp_path):
    require_locks(tmp_path / "not" / "there" / "yet")
    assert list(tmp_path.iterdir()) == []


def test_lock_is_one_process_s_alone_and_ends_with_the_file(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with path.open("r+") as one, path.open("r+") as other:
        assert try_lock(one, path)
        assert not try_lock(other, path)
    with path.open("r+") as again:
        assert try_lock(again, path)


def test_place_that_cannot_be_written_is_told_as_such(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"run directory '.*file/run' cannot be written: Not a directory"):
        create_run(RunDir(tmp_path / "file" / "run"), tiny_config(), "a test", "pytest")
