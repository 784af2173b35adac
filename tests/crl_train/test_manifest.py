"""A checkpoint is taken for what it says it is, and for nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_train.config import make_config
from crl_train.errors import CheckpointError
from crl_train.manifest import check_manifest, make_manifest

CONFIG = make_config({"env": "point_u_maze"}, "smoke")
HASH = "0123456789abcdef" * 4
PATH = Path("checkpoints/run/policy/100")
OLD = {"format_version": 1, "env_steps": 100, "sha256": HASH}  # as the first version wrote them


def check(manifest, path=PATH, config=CONFIG, content_hash=HASH):
    check_manifest(path, manifest, config, content_hash, "Use another.")


def test_manifest_by_hand():
    manifest = make_manifest(CONFIG, 100, HASH, progress={"epoch": 1})
    assert {key: manifest[key] for key in OLD} == OLD
    assert manifest["progress"] == {"epoch": 1}
    assert manifest["settings"]["env"] == "point_u_maze"
    check(manifest)


def test_old_manifest_is_accepted():
    check(OLD)


@pytest.mark.parametrize("name", ["999", "0100", "10", "١٠٠"])
@pytest.mark.parametrize("manifest", [OLD, make_manifest(CONFIG, 100, HASH)], ids=["old", "new"])
def test_renamed_checkpoint_is_refused(manifest, name):
    with pytest.raises(CheckpointError, match=rf"policy/{name}' is of step 100: .* Was it renamed\? Use another\."):
        check(manifest, PATH.with_name(name))


@pytest.mark.parametrize(("setting", "value"), [("seed", 1), ("critic_depth", 8), ("env", "point_u4_maze")])
def test_checkpoint_of_another_run_is_refused_by_the_setting_that_differs(setting, value):
    other = make_config({"env": "point_u_maze", setting: value}, "smoke")
    with pytest.raises(
        CheckpointError, match=rf"is of another run: it was trained with {setting}={value!r}, this run with {setting}="
    ):
        check(make_manifest(other, 100, HASH))


def test_run_whose_budget_was_raised_keeps_its_checkpoints():
    longer = make_config({"env": "point_u_maze", "total_env_steps": 40_000, "num_epochs": 4}, "smoke")
    check(make_manifest(CONFIG, 100, HASH), config=longer)


def test_setting_of_another_version_is_not_compared():
    manifest = make_manifest(CONFIG, 100, HASH)
    settings = {**manifest["settings"], "invented_later": 1}
    del settings["width"]
    check({**OLD, "settings": settings})


@given(key=st.sampled_from(["env_steps", "progress", "settings"]), value=st.integers(0, 99) | st.text() | st.none())
def test_manifest_with_anything_changed_is_refused(key, value):
    manifest = make_manifest(CONFIG, 100, HASH, progress={"epoch": 1})
    with pytest.raises(CheckpointError, match="is corrupt: its manifest is not as it was written"):
        check({**manifest, key: value})


@pytest.mark.parametrize("version", [2, "1", None, True, 1.0])
def test_other_format_is_refused(version):
    with pytest.raises(CheckpointError, match=rf"has format version {version!r}: this version reads 1\."):
        check({**OLD, "format_version": version})


@pytest.mark.parametrize("name", ["format_version", "env_steps", "settings"])
@pytest.mark.parametrize("value", ["x" * 5_000, [[[]]] * 5_000, 10**4_000], ids=["text", "list", "number"])
def test_messages_quote_little_of_what_they_refuse(name, value):
    with pytest.raises(CheckpointError) as caught:
        check({**OLD, name: value})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("settings", [None, [], 1, "env"])
def test_settings_that_are_none_are_damage(settings):
    with pytest.raises(CheckpointError, match="is corrupt: its manifest has settings="):
        check({**OLD, "settings": settings})


def test_message_on_another_run_quotes_little_of_a_long_setting():
    with pytest.raises(CheckpointError, match="is of another run") as caught:
        check({**OLD, "settings": {"env": "x" * 5_000}})
    assert len(str(caught.value)) < 400
