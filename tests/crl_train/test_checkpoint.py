"""What is written comes back to the bit; what was damaged is named, and what was good before stays good."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crl_train.checkpoint import (
    content_hash,
    drop_other_resume_points,
    remove_leftovers,
    restore_policy,
    restore_resume_point,
    save_policy,
    save_resume_point,
)
from crl_train.config import make_config
from crl_train.errors import CheckpointError, RunNotFoundError
from crl_train.run_dir import RunDir
from tests.crl_train.helpers import tree_equal

PARAMS = {"actor": {"head": {"kernel": jnp.arange(6.0).reshape(2, 3), "bias": jnp.ones(3)}}}
COEFFICIENT = jnp.array(0.25)
CONFIG = make_config({"env": "point_u_maze"}, "smoke")
LIKE = jax.eval_shape(lambda: {**PARAMS, "log_entropy_coefficient": COEFFICIENT})


@pytest.fixture
def run(tmp_path):
    """A run of two policies."""
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    for step in (100, 200):
        save_policy(run, CONFIG, step, jax.tree.map(lambda leaf, step=step: leaf + step, PARAMS), COEFFICIENT)
    return run


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory):
    """As ``run``, made once and copied, for the many ways of damage."""
    run = RunDir(tmp_path_factory.mktemp("saved") / "run")
    run.path.mkdir()
    for step in (100, 200):
        save_policy(run, CONFIG, step, jax.tree.map(lambda leaf, step=step: leaf + step, PARAMS), COEFFICIENT)
    return run


def array_files(run, step):
    """The files without which the numbers of a policy are lost: data, their index, and the names of the leaves."""
    arrays = run.policy / str(step) / "arrays"
    return [*sorted((arrays / "d").iterdir()), arrays / "manifest.ocdbt", arrays / "_METADATA"]


# --- round trip ------------------------------------------------------------------------------------------


def test_policy_comes_back_to_the_bit_with_its_hash(run):
    restored = restore_policy(run, CONFIG, 200, LIKE)
    expected = {**jax.tree.map(lambda leaf: leaf + 200, PARAMS), "log_entropy_coefficient": COEFFICIENT}
    assert tree_equal(restored.params, expected)
    assert restored.content_hash == content_hash(expected)
    assert restored.names_its_run
    manifest = json.loads(next((run.policy / "200" / "manifest").iterdir()).read_text())
    assert {key: manifest[key] for key in ("format_version", "env_steps", "sha256")} == {
        "format_version": 1,
        "env_steps": 200,
        "sha256": restored.content_hash,
    }


def test_steps_are_listed_in_order_of_their_number(run):
    save_policy(run, CONFIG, 1000, PARAMS, COEFFICIENT)
    assert run.policy_steps() == (100, 200, 1000)


def test_resume_point_keeps_the_newest_alone_and_returns_its_progress(tmp_path):
    run = RunDir(tmp_path)
    for step in (10, 20):
        save_resume_point(run, CONFIG, step, {"x": jnp.full(2, step)}, {"epoch": step, "seconds": 0.1})
        drop_other_resume_points(run, step)
    assert run.resume_steps() == (20,)
    state, progress = restore_resume_point(run, CONFIG, 20, jax.eval_shape(lambda: {"x": jnp.full(2, 20)}))
    np.testing.assert_array_equal(state["x"], [20, 20])
    assert progress == {"epoch": 20, "seconds": 0.1}


def test_arrays_without_entries_come_back_as_they_were(tmp_path):
    # MJX keeps one for the muscles, which no robot of ours has, and Orbax stores none.
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    state = {"act": jnp.zeros((32, 0)), "none": jnp.zeros((0, 3), jnp.int32), "q": jnp.arange(4.0)}
    save_resume_point(run, CONFIG, 100, state, {"epoch": 1})
    restored, _ = restore_resume_point(run, CONFIG, 100, jax.eval_shape(lambda: state))
    assert tree_equal(restored, state)
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), restored) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), state
    )


@settings(max_examples=3)
@given(hnp.arrays(np.uint16, (5, 2)))
def test_every_number_of_float16_comes_back_to_the_bit_under_its_hash(tmp_path_factory, bits):
    run = RunDir(tmp_path_factory.mktemp("run"))
    numbers = np.where(np.isnan(bits.view(np.float16)), np.float16(-0.0), bits.view(np.float16))
    state = {"state": jnp.asarray(numbers), "trajectory_id": jnp.arange(5)}
    save_resume_point(run, CONFIG, 100, state, {"epoch": 1})
    restored, _ = restore_resume_point(run, CONFIG, 100, jax.eval_shape(lambda: state))
    assert restored["state"].dtype == jnp.float16
    assert content_hash(restored) == content_hash(state)


@settings(max_examples=30)
@given(hnp.arrays(np.float32, (3,), elements=st.floats(-10, 10, width=32)), st.integers(0, 2))
def test_hash_tells_one_changed_bit_a_name_a_shape_and_a_type(array, place):
    changed = array.copy()
    changed[place] = np.nextafter(changed[place], np.float32(99))
    hashes = [content_hash(tree) for tree in (
        {"a": array}, {"a": changed}, {"b": array}, {"a": array[None]}, {"a": array.astype(np.float64)}, {"a": [array]}
    )]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert content_hash({"a": array.copy()}) == hashes[0]


def test_hash_by_hand():
    # printf 'x:int32:(1,);\1\0\0\0' | sha256sum: name, type and shape, then the four bytes of 1
    expected = "e3e1adfc291674598f25aa8ad99f16926f4cf1efc7dfb7a78fb6608c6e7f6d9e"
    assert content_hash({"x": np.array([1], np.int32)}) == expected


# --- damage ----------------------------------------------------------------------------------------------


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [halve, flip_a_byte, os.remove], ids=["halved", "flipped", "deleted"])
@pytest.mark.parametrize("which", [0, -2, -1], ids=["data", "index", "names"])
def test_damaged_file_is_named_and_the_older_step_offered(saved_once, tmp_path, damage, which):
    run = RunDir(shutil.copytree(saved_once.path, tmp_path / "run"))
    damage(array_files(run, 200)[which])
    with pytest.raises(CheckpointError, match=r"'[^']*policy/200' is corrupt: .*An older one is there: use --step 100"):
        restore_policy(run, CONFIG, 200, LIKE)
    assert restore_policy(run, CONFIG, 100, LIKE)


def empty(path):
    path.write_bytes(b"")


def replace_by_a_folder(path):
    path.unlink()
    path.mkdir()


def all_files(run, step):
    return sorted(path.relative_to(run.path) for path in (run.policy / str(step)).rglob("*") if path.is_file())


def content_hash_or_problem(run):
    try:
        return restore_policy(run, CONFIG, 200, LIKE).content_hash
    except CheckpointError as error:
        return str(error)


@pytest.mark.parametrize("damage", [os.remove, empty, halve, replace_by_a_folder])
def test_damage_of_any_one_file_is_explained_or_harmless(saved_once, tmp_path, damage):
    good = restore_policy(saved_once, CONFIG, 200, LIKE)
    for number, name in enumerate(all_files(saved_once, 200)):
        run = RunDir(shutil.copytree(saved_once.path, tmp_path / str(number)))
        damage(run.path / name)
        read = content_hash_or_problem(run)
        assert read == good.content_hash or re.search(r"policy/200'( is corrupt| has no leaf|: leaf)", read), name


@pytest.mark.parametrize("error", [Exception("a bare one"), RecursionError("too deep"), MemoryError()], ids=repr)
def test_whatever_the_storage_library_raises_is_explained(run, monkeypatch, error):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("orbax.checkpoint.Checkpointer.restore", fail)
    with pytest.raises(CheckpointError, match=r"policy/200' is corrupt: .* use --step 100"):
        restore_policy(run, CONFIG, 200, LIKE)
    monkeypatch.setattr("orbax.checkpoint.Checkpointer.save", fail)
    with pytest.raises(CheckpointError, match=r"policy/300' could not be written: "):
        save_policy(run, CONFIG, 300, PARAMS, COEFFICIENT)


def test_save_that_cannot_be_read_back_fails_at_once(run, monkeypatch):
    monkeypatch.setattr("crl_train.checkpoint.np.array_equal", lambda *_args, **_kwargs: False)
    with pytest.raises(CheckpointError, match=r"300' could not be written: it was written, and other content was read"):
        save_policy(run, CONFIG, 300, PARAMS, COEFFICIENT)
    assert run.policy_steps() == (100, 200)


def test_run_folder_that_is_gone_is_not_made_again(run):
    shutil.rmtree(run.path)
    with pytest.raises(CheckpointError, match=r"300' could not be written: .*No such file"):
        save_policy(run, CONFIG, 300, PARAMS, COEFFICIENT)
    assert not run.path.exists()


def test_step_of_another_name_or_run_is_refused(run, saved_once):
    (run.policy / "200").rename(run.policy / "999")
    with pytest.raises(CheckpointError, match=r"policy/999' is of step 200: .* use --step 100"):
        restore_policy(run, CONFIG, 999, LIKE)
    other = CONFIG.model_copy(update={"seed": 7})
    with pytest.raises(CheckpointError, match="is of another run: it was trained with seed=0, this run with seed=7"):
        restore_policy(saved_once, other, 200, LIKE)


@pytest.mark.parametrize("what", ["arrays", "manifest"])
def test_missing_part_is_told(saved_once, tmp_path, what):
    run = RunDir(shutil.copytree(saved_once.path, tmp_path / "run"))
    shutil.rmtree(run.policy / "200" / what)
    with pytest.raises(CheckpointError, match="use --step 100"):
        restore_policy(run, CONFIG, 200, LIKE)


def test_arrays_of_another_checkpoint_are_told_by_their_hash(saved_once, tmp_path):
    run = RunDir(shutil.copytree(saved_once.path, tmp_path / "run"))
    shutil.rmtree(run.policy / "200" / "arrays")
    shutil.copytree(run.policy / "100" / "arrays", run.policy / "200" / "arrays")
    with pytest.raises(CheckpointError, match=r"is corrupt: its arrays hash to [0-9a-f]{12}…, its manifest says"):
        restore_policy(run, CONFIG, 200, LIKE)


def test_oldest_damaged_checkpoint_offers_nothing_older(saved_once, tmp_path):
    run = RunDir(shutil.copytree(saved_once.path, tmp_path / "run"))
    halve(array_files(run, 100)[0])
    with pytest.raises(CheckpointError, match=r"policy/100' is corrupt: .*The run has no older one\.$"):
        restore_policy(run, CONFIG, 100, LIKE)


def test_shape_that_the_config_does_not_call_for_is_told_by_leaf(run):
    like = {**LIKE, "actor": {"head": {**LIKE["actor"]["head"], "bias": jax.ShapeDtypeStruct((4,), jnp.float32)}}}
    message = (
        r"leaf actor/head/bias has shape \(3,\), expected \(4,\): config.json and arrays disagree\. Was the run edited"
    )
    with pytest.raises(CheckpointError, match=message):
        restore_policy(run, CONFIG, 200, like)


def test_type_that_the_config_does_not_call_for_is_told_by_leaf(run):
    like = {**LIKE, "log_entropy_coefficient": jax.ShapeDtypeStruct((), jnp.int32)}
    with pytest.raises(CheckpointError, match="leaf log_entropy_coefficient has dtype float32, expected int32: config"):
        restore_policy(run, CONFIG, 200, like)


def test_leaf_that_is_not_there_is_named(run):
    like = {**LIKE, "goal_encoder": {"head": {"bias": jax.ShapeDtypeStruct((4,), jnp.float32)}}}
    with pytest.raises(CheckpointError, match="has no leaf goal_encoder/head/bias"):
        restore_policy(run, CONFIG, 200, like)


def test_policy_with_nan_in_it_is_refused_by_leaf(run):
    broken = {"actor": {"head": {**PARAMS["actor"]["head"], "bias": jnp.array([1.0, jnp.nan, 1.0])}}}
    save_policy(run, CONFIG, 300, broken, COEFFICIENT)
    with pytest.raises(CheckpointError, match=r"300' holds NaN or infinite numbers in actor/head/bias: .* --step 200"):
        restore_policy(run, CONFIG, 300, LIKE)


def test_step_that_is_not_there_lists_those_that_are(run):
    with pytest.raises(RunNotFoundError, match=r"^no checkpoint at step 300 in '.*': There are 100, 200\.$"):
        restore_policy(run, CONFIG, 300, LIKE)
    with pytest.raises(RunNotFoundError, match="The run has none yet"):
        restore_policy(RunDir(run.path / "nothing"), CONFIG, 300, LIKE)


@pytest.mark.parametrize("damage", [os.remove, empty, halve, replace_by_a_folder])
def test_damage_of_any_one_file_of_a_resume_point_is_explained_or_harmless(tmp_path, damage):
    state = {"x": jnp.arange(1000.0), "y": {"z": jnp.arange(3)}}
    whole = RunDir(tmp_path / "whole")
    whole.path.mkdir()
    save_resume_point(whole, CONFIG, 10, state, {"epoch": 1})
    files = sorted(path.relative_to(whole.path) for path in (whole.resume / "10").rglob("*") if path.is_file())
    problems = []
    for number, name in enumerate(files):
        run = RunDir(shutil.copytree(whole.path, tmp_path / str(number)))
        damage(run.path / name)
        try:
            read, progress = restore_resume_point(run, CONFIG, 10, jax.eval_shape(lambda: state))
        except CheckpointError as error:
            problems.append(str(error))
        else:
            assert tree_equal(read, state)
            assert progress == {"epoch": 1}
    assert all(re.search(r"resume/10'.* Start again under another --name", problem) for problem in problems)
    assert len(problems) >= 4  # data, their index, the names of the leaves, our manifest


def test_damaged_resume_point_points_to_the_policies(tmp_path):
    run = RunDir(tmp_path)
    save_resume_point(run, CONFIG, 10, {"x": jnp.zeros(1000)}, {})
    for path in (run.resume / "10").rglob("*"):
        if path.is_file():
            halve(path)
    with pytest.raises(CheckpointError, match=r"resume/10' is corrupt: .* Start again under another --name"):
        restore_resume_point(run, CONFIG, 10, jax.eval_shape(lambda: {"x": jnp.zeros(1000)}))


# --- interrupted saves -----------------------------------------------------------------------------------


def test_stale_temporary_folders_are_ignored_and_swept(run):
    stale = run.policy / "300.orbax-checkpoint-tmp-123"
    shutil.copytree(run.policy / "200", stale)
    assert run.policy_steps() == (100, 200)
    own = run.policy / "best"
    own.mkdir()
    (run.policy / ".DS_Store").touch()
    for name in (".metrics.jsonl.l548_s3k", ".config.json.ab_cd012"):
        (run.path / name).touch()
    kept = [run.path / name for name in (".metrics.jsonl.swp", ".metrics.jsonl.backup", "metrics.jsonl.l548_s3k")]
    for path in kept:
        path.touch()
    remove_leftovers(run, 10)
    assert sorted(path for path in run.path.iterdir() if path.is_file()) == sorted(kept)
    assert run.policy_steps() == (100, 200)
    assert not stale.exists()
    assert own.is_dir()


class Killed(BaseException):
    """What a kill is to the code that it meets: nothing after it is done."""


@pytest.fixture
def before_each_change(monkeypatch):
    """Set its ``call`` to what is done before a name in a folder is made, moved or removed, by whoever does so."""
    changes = SimpleNamespace(call=lambda: None)
    for name in ("mkdir", "rename", "replace", "unlink", "remove", "rmdir"):
        original = getattr(os, name)

        def change(*args, original=original, **kwargs):
            changes.call()
            return original(*args, **kwargs)

        monkeypatch.setattr(os, name, change)
    return changes


def test_replaced_checkpoint_is_whole_whenever_the_process_is_killed(saved_once, tmp_path, before_each_change):
    moments = 0
    ended = False
    while not ended:
        run = RunDir(shutil.copytree(saved_once.path, tmp_path / str(moments)))
        countdown = itertools.count(moments, -1)

        def die(countdown=countdown):
            if next(countdown) <= 0:
                raise Killed

        before_each_change.call = die
        try:
            save_policy(run, CONFIG, 200, PARAMS, COEFFICIENT)
            ended = True
        except Killed:
            moments += 1
        before_each_change.call = lambda: None
        assert set(run.policy_steps()) in ({100}, {100, 200}), moments
        for step in run.policy_steps():
            restore_policy(run, CONFIG, step, LIKE)
        remove_leftovers(run, 10)
        assert {path.name for path in run.policy.iterdir()} == set(map(str, run.policy_steps())), moments
        save_policy(run, CONFIG, 200, PARAMS, COEFFICIENT)
        assert restore_policy(run, CONFIG, 200, LIKE)
    assert moments > 10


def test_older_resume_point_is_never_left_in_part(tmp_path, monkeypatch):
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    state = {"x": jnp.zeros(3)}
    for step in (10, 20):
        save_resume_point(run, CONFIG, step, state, {})
    monkeypatch.setattr("crl_train.checkpoint.shutil.rmtree", killed_in_the_middle_of_a_removal)
    with pytest.raises(Killed):
        drop_other_resume_points(run, 20)
    monkeypatch.undo()
    assert run.resume_steps() in ((10, 20), (20,))
    for step in run.resume_steps():
        restore_resume_point(run, CONFIG, step, state)
    remove_leftovers(run, 20)
    assert [path.name for path in run.resume.iterdir()] == ["20"]


def killed_in_the_middle_of_a_removal(folder, ignore_errors):
    if folder.exists():
        next(path for path in folder.rglob("*") if path.is_file()).unlink()
        raise Killed


SAVE_WITHOUT_ROOM = """
    import resource, signal, sys
    from pathlib import Path
    import jax.numpy as jnp
    from crl_train.checkpoint import save_policy
    from crl_train.config import make_config
    from crl_train.errors import CheckpointError
    from crl_train.run_dir import RunDir

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        # Noise, so that compression does not make it fit.
        noise = jnp.sin(1e6 * jnp.arange(200_000.0) ** 1.5)
        config = make_config({"env": "point_u_maze"})
        save_policy(RunDir(Path(sys.argv[1])), config, 300, {"actor": noise}, jnp.zeros(()))
    except CheckpointError as error:
        print(error)
"""


def test_save_without_room_is_explained_and_leaves_the_older_checkpoint(run):
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SAVE_WITHOUT_ROOM), run.path], capture_output=True, text=True, timeout=60
    )
    assert "policy/300' could not be written: " in child.stdout, child.stderr
    assert "Earlier checkpoints are untouched. Make room" in child.stdout
    assert child.stdout.count("\n") == 1
    assert run.policy_steps() == (100, 200)
    assert restore_policy(run, CONFIG, 200, LIKE)
    assert sorted(path.name for path in run.policy.iterdir()) == ["100", "200"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into read-only folders")
def test_read_only_folder_is_explained(run):
    run.policy.chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match=r"policy/300' could not be written: .*[Pp]ermission"):
            save_policy(run, CONFIG, 300, PARAMS, COEFFICIENT)
    finally:
        run.policy.chmod(0o700)
    assert restore_policy(run, CONFIG, 200, LIKE)
