"""Whatever a folder is called, its checkpoints are written into it and read from it."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crl_train.checkpoint import restore_policy, save_policy
from crl_train.config import make_config
from crl_train.errors import CheckpointError
from crl_train.plain_path import plain_path
from crl_train.run_dir import RunDir

CONFIG = make_config({"env": "point_u_maze"}, "smoke")
PARAMS, COEFFICIENT = {"actor": {"kernel": jnp.arange(6.0)}}, jnp.array(0.25)
LIKE = jax.eval_shape(lambda: {**PARAMS, "log_entropy_coefficient": COEFFICIENT})

# What is odd about a name, at random: brackets and backslashes, quotes, blanks, other scripts, and bytes that are no
# UTF-8. At most 200 bytes, because a file system takes 255 and more is added to them.
ODD = st.text(
    st.sampled_from([*"[]{}()*?\\\"'`$&;|<>~!#%^:,=+@ \n\tab1.", "é", "😀", "\udcff"]), min_size=1, max_size=20
)


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@settings(max_examples=25)
@given(ODD)
@example("exp[1]")
@example("a\\b")
@example("[")
@example("x" * 200)
@example("lr=[0.1]\\\udcff 'quoted' \"twice\"\n😀")
def test_checkpoint_in_a_folder_of_any_name_comes_back_from_it(tmp_path_factory, name):
    if name in (".", ".."):
        return
    outer = tmp_path_factory.mktemp("odd")
    run = RunDir(outer / name)
    run.path.mkdir()
    save_policy(run, CONFIG, 100, PARAMS, COEFFICIENT)
    assert run.policy_steps() == (100,)
    assert restore_policy(run, CONFIG, 100, LIKE).params["actor"]["kernel"].tolist() == [0, 1, 2, 3, 4, 5]
    assert os.listdir(outer) == [name]  # nothing is written beside it


def test_run_that_is_moved_under_an_odd_name_stays_readable(tmp_path):
    run = RunDir(tmp_path / "plain")
    run.path.mkdir()
    save_policy(run, CONFIG, 100, PARAMS, COEFFICIENT)
    moved = RunDir(run.path.rename(tmp_path / "a[b]\\c"))
    assert restore_policy(moved, CONFIG, 100, LIKE)


def test_plain_path_is_itself_and_an_alias_ends_with_its_block(tmp_path):
    with plain_path(tmp_path / "run" / "100") as same:
        assert same == tmp_path / "run" / "100"
    odd = tmp_path / "[0]"
    (odd / "100").mkdir(parents=True)
    with plain_path(odd / "100") as alias:
        assert alias.samefile(odd / "100")
        assert "[" not in str(alias)
    assert not alias.parent.is_symlink()
    assert (odd / "100").is_dir()


def test_relative_path_is_one_of_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "here[1]").mkdir()
    monkeypatch.chdir(tmp_path / "here[1]")
    with plain_path(Path("100")) as alias:
        assert alias.parent.samefile(tmp_path / "here[1]")


def test_odd_folder_for_temporary_files_is_explained(tmp_path, monkeypatch):
    run = RunDir(tmp_path / "a[b]")
    (tmp_path / "t[m]p").mkdir()
    run.path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t[m]p"))
    with pytest.raises(CheckpointError, match=r"could not be written: set TMPDIR to a folder of plain letters"):
        save_policy(run, CONFIG, 100, PARAMS, COEFFICIENT)
