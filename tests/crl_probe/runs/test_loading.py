"""A run from disk answers as the networks that were saved, and what is no run is refused by name."""

import dataclasses
import json
import shutil

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crl_probe
from crl_probe.runs.agent import curve_problems
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.loading import find_runs, load_run, load_runs
from crl_probe.runs.run_info import run_infos
from crl_train.checkpoint import content_hash
from crl_train.envs.registry import make_env
from crl_train.errors import CheckpointError, ConfigError, RunNotFoundError
from crl_train.networks import make_networks
from crl_train.numerics import random_key
from crl_train.run_dir import RunDir
from crl_train.training_state import init_training_state
from tests.crl_train.helpers import new_run, tiny_config
from tests.tolerance import assert_close

TERMS = 5 * 4 * 16  # roundings in the stem and four layers of 16 units


@pytest.fixture(scope="module")
def loaded(finished_run):
    return load_run(finished_run.path)


def batch(seed: int, size: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States, actions and goals of the tiny run's environment."""
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(-1, 1, size=(size, 8)).astype(np.float32)
    return 4 + numbers[:, :4], numbers[:, 4:6], 4 + numbers[:, 6:]


def test_newest_checkpoint_is_opened_unless_another_is_named(finished_run, loaded):
    assert (loaded.env_steps, loaded.steps) == (1120, (480, 800, 1120))
    earlier = load_run(finished_run.path, step=480)
    assert earlier.env_steps == 480
    assert earlier.content_hash != loaded.content_hash
    assert [row["env_steps"] for row in earlier.curve] == [480]
    assert [row["env_steps"] for row in loaded.curve] == [480, 800, 1120]


def test_step_0_is_the_agent_before_training(finished_run, loaded):
    start = load_run(finished_run.path, step=0)
    assert (start.env_steps, start.curve, start.is_on_disk) == (0, [], True)
    assert start.content_hash not in {load_run(finished_run.path, step).content_hash for step in loaded.steps}
    assert start.content_hash == loaded.untrained().content_hash
    assert run_infos([start])[0].label == "depth 4, untrained"
    networks = make_networks(loaded.config, loaded.env.action_dim)
    by_hand = init_training_state(loaded.config, loaded.env, networks, random_key(loaded.config.seed)).learner.params
    assert jax.tree.structure(dict(start.params)) == jax.tree.structure(by_hand)
    other = dataclasses.replace(loaded, config=loaded.config.model_copy(update={"seed": 1})).untrained()
    assert other.content_hash != start.content_hash
    # Whether it is compiled alone or with the rest of the state decides the last bit.
    jax.tree.map(
        lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6), dict(start.params), by_hand
    )


def test_run_says_what_it_is(loaded):
    assert (loaded.depth, loaded.env.name) == (4, "point_u_maze")
    assert repr(loaded) == "LoadedRun('finished', depth 4, seed 0, 1,120 env steps)"
    assert crl_probe.load_run is load_run


@given(seed=st.integers(0, 2**16))
@settings(max_examples=10)
def test_energy_is_minus_the_distance_of_the_representations(loaded, seed):
    state, action, goal = batch(seed)
    phi, psi = np.asarray(loaded.phi(state, action)), np.asarray(loaded.psi(goal))
    assert phi.shape == psi.shape == (5, 8)
    assert_close(loaded.energy(state, action, goal), -np.linalg.norm(phi - psi, axis=1), terms=2 * 8)


def test_actions_stay_inside_their_bounds(loaded):
    state, _, goal = batch(0, size=100)
    assert np.abs(loaded.act(state, goal)).max() < 1


def test_lists_doubles_and_one_goal_for_a_batch_give_the_same_answers(loaded):
    state, action, goal = batch(4)
    whole = np.asarray(loaded.energy(state, action, np.broadcast_to(goal[0], goal.shape)))
    assert_close(loaded.energy(state.tolist(), action.astype(np.float64), goal[0].tolist()), whole, terms=TERMS)
    assert loaded.act([4, 4, 0, 0], [4, 12]).shape == (2,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda run: run.act(np.zeros((5, 3)), np.zeros((5, 2))),
            r"^state has shape \(5, 3\): states of point_u_maze have 4 entries\.$",
        ),
        (lambda run: run.psi(np.float64(1.0)), r"^goal has shape \(\): goals of point_u_maze have 2 entries\.$"),
        (
            lambda run: run.phi(np.zeros((5, 4)), np.zeros((3, 2))),
            r"^shapes do not fit together \(state \(5, 4\), action \(3, 2\)\): give one batch, or one for a batch\.$",
        ),
        (lambda run: run.psi([[1.0, 2.0], [3.0]]), r"^goal is no array of numbers: give an array or a list"),
    ],
)
def test_wrong_shapes_are_named_before_a_network_sees_them(loaded, call, message):
    with pytest.raises(ConfigError, match=message):
        call(loaded)


def test_prefix_of_all_blocks_is_the_whole_and_of_none_is_not(loaded):
    state, action, goal = batch(1)
    whole = np.asarray(loaded.energy(state, action, goal))
    assert loaded.critic_blocks == 1
    assert_close(loaded.prefix(1).energy(state, action, goal), whole, terms=TERMS)
    assert not np.allclose(loaded.prefix(0).energy(state, action, goal), whole)
    assert_close(loaded.prefix(0).act(state, goal), loaded.act(state, goal), terms=TERMS)
    with pytest.raises(ConfigError, match=r"blocks=2 is out of range: this network has 1 residual blocks\."):
        loaded.prefix(2)


def test_one_pass_gives_every_prefix(loaded):
    state, action, goal = batch(2)
    phi, psi = loaded.phi_after(state, action, np.arange(2)), loaded.psi_after(goal, np.arange(2))
    assert phi.shape == (5, 2, 8)
    for blocks in range(2):
        cut = loaded.prefix(blocks)
        assert_close(phi[:, blocks], cut.phi(state, action), terms=TERMS)
        assert_close(psi[:, blocks], cut.psi(goal), terms=TERMS)


def test_every_network_shows_its_inside(loaded):
    state, action, goal = batch(3)
    for part, inputs in {"phi": (state, action), "psi": (goal,), "actor": (state, goal)}.items():
        stream = loaded.residual_stream(part, *inputs)
        assert stream.shape == (2, 5, loaded.config.width)
        assert loaded.mean_activations(part, *inputs).shape == (1, 4, loaded.config.width)


def test_content_hash_is_that_of_the_parameters(loaded):
    arrays = {**loaded.params}
    assert len(loaded.content_hash) == 64
    assert content_hash(arrays) != loaded.content_hash  # the entropy coefficient counts too


@pytest.mark.parametrize(("step", "message"), [(481, r"no checkpoint at step 481 in .*: There are 480, 800, 1120\.")])
def test_step_that_was_not_kept_is_refused(finished_run, step, message):
    with pytest.raises(RunNotFoundError, match=message):
        load_run(finished_run.path, step)


def test_run_without_a_checkpoint_says_how_to_get_one(tmp_path):
    run = new_run(tmp_path / "young", tiny_config())
    with pytest.raises(RunNotFoundError, match=r"no checkpoint found in .* `crl-train resume .*young`"):
        load_run(run.path)


def test_damaged_checkpoint_is_named_and_an_older_one_offered(finished_run, tmp_path):
    copy = shutil.copytree(finished_run.path, tmp_path / "copy")
    for path in (copy / "policy" / "1120" / "arrays").rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            path.write_bytes(path.read_bytes()[:-200] + bytes(200))
    with pytest.raises(CheckpointError, match=r"policy/1120' is corrupt: .* use --step 800\."):
        load_run(copy)
    assert load_run(copy, step=800).env_steps == 800


# --- finding and grouping --------------------------------------------------------------------------------


def test_patterns_and_paths_name_each_run_once(finished_run):
    pattern = str(finished_run.path.parent / "fin*")
    assert find_runs([pattern, finished_run.path]) == [finished_run.path]


@pytest.mark.parametrize("folder", ["exp[1]", "a*b", "what?", "[", "deep[0]/er[!x]"])
def test_folder_of_this_very_name_is_no_pattern(finished_run, tmp_path, folder):
    place = tmp_path / folder
    place.mkdir(parents=True)
    (place / "one").symlink_to(finished_run.path)
    assert find_runs(str(place / "o*")) == find_runs(str(place / "one")) == [place / "one"]
    assert find_runs(str(tmp_path / "*" / "*" / "one") if "/" in folder else str(tmp_path / "*" / "one"))


def test_files_beside_runs_are_skipped(finished_run, tmp_path):
    copy = shutil.copytree(finished_run.path, tmp_path / "a_run")
    (tmp_path / "README.md").touch()
    assert find_runs([str(tmp_path / "*")]) == [copy]
    with pytest.raises(RunNotFoundError, match="no run directory was given"):
        find_runs([tmp_path / "README.md"])


def test_runs_are_opened_by_a_pattern_a_path_or_several(finished_run):
    pattern = str(finished_run.path.parent / "fin*")
    assert [run.env_steps for run in load_runs(pattern)] == [1120]
    assert [run.env_steps for run in load_runs([finished_run.path, pattern], step=480)] == [480]
    assert [run.env_steps for run in load_runs(finished_run.path, step="all")] == [480, 800, 1120]


def test_folder_of_runs_says_which_pattern_opens_them(finished_run, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(finished_run.path)
    with pytest.raises(RunNotFoundError) as refusal:
        load_runs(tmp_path)
    assert str(refusal.value) == (
        f"'{tmp_path}' is not a run: it has no config.json. It holds 2 runs: use '{tmp_path}/*'."
    )


def test_pattern_that_matches_nothing_and_folder_that_is_no_run_are_refused(tmp_path):
    with pytest.raises(RunNotFoundError, match=r"nowhere_\*' matches nothing: give run directories"):
        find_runs([str(tmp_path / "nowhere_*")])
    with pytest.raises(RunNotFoundError, match=r"is not a run: it has no config\.json\."):
        find_runs([tmp_path])


def changed(run, **config):
    """The same run as if it had been another: other parameters, another name, and the settings given."""
    number = hash(tuple(config.items()))
    return dataclasses.replace(
        run,
        path=run.path.with_name(f"run_{number}"),
        content_hash=f"{run.content_hash}{number}",
        config=run.config.model_copy(update=config),
        env=make_env(config.get("env", run.config.env)),
    )


def test_runs_of_two_environments_are_never_mixed_and_go_from_shallow_to_deep(loaded):
    runs = [changed(loaded, critic_depth=16), changed(loaded, env="point_u4_maze"), changed(loaded, seed=1), loaded]
    groups = group_by_env(runs)
    assert list(groups) == ["point_u_maze", "point_u4_maze"]
    assert [(run.config.critic_depth, run.config.seed) for run in groups["point_u_maze"]] == [(4, 0), (4, 1), (16, 0)]


def test_runs_that_would_count_as_two_seeds_are_refused(loaded):
    elsewhere = dataclasses.replace(loaded, path=loaded.path.parent / "elsewhere" / loaded.name)
    with pytest.raises(ConfigError, match=r"two runs of point_u_maze are named 'finished'"):
        group_by_env([loaded, elsewhere])
    renamed = dataclasses.replace(loaded, path=loaded.path.with_name("copy"))
    with pytest.raises(ConfigError, match="hold the same parameters: one run would count as two seeds"):
        group_by_env([loaded, renamed])
    with pytest.raises(ConfigError, match="have the same depth and seed: they would count as two seeds"):
        group_by_env([loaded, dataclasses.replace(renamed, content_hash="other")])


def test_several_checkpoints_of_a_run_are_stages_and_not_seeds(finished_run, loaded):
    early = load_run(finished_run.path, step=480)
    assert [run.env_steps for run in group_by_env([loaded, early])["point_u_maze"]] == [480, 1120]


def test_runs_that_differ_in_more_than_depth_and_seed_are_refused(loaded):
    wider = changed(loaded, seed=1, width=512)
    with pytest.raises(
        ConfigError, match=r"also differ in width \(width=16 and 512\): .* come from depth\. Add --by depth,width, or"
    ):
        group_by_env([loaded, wider])
    with pytest.raises(ConfigError, match=r"also differ in depth \(.*_depth=4 and 16\): .* Add --by width,depth, or"):
        group_by_env([loaded, changed(wider, actor_depth=16, critic_depth=16)], ["width"])


def test_runs_are_compared_and_ordered_by_any_setting(loaded):
    runs = [changed(loaded, width=256), changed(loaded, width=64), loaded]
    (group,) = group_by_env(runs, ["width"]).values()
    assert [info.label for info in run_infos(group, ["width"])] == ["width 16", "width 64", "width 256"]
    with pytest.raises(ConfigError, match=r"--by 'widht' is not usable: .* Did you mean 'width'\?"):
        group_by_env(runs, ["widht"])
    with pytest.raises(ConfigError, match="have the same width and seed: they would count as two seeds"):
        group_by_env([loaded, changed(loaded, width=16)], ["width"])


def test_cut_network_does_not_share_the_cached_results_of_the_whole(loaded):
    assert loaded.prefix(0).content_hash != loaded.content_hash


@pytest.mark.parametrize("line", ["[1]", '{"env_steps": null}', '{"env_steps": ' + "9" * 5_000 + "}"])
def test_a_damaged_log_costs_the_curve_and_not_the_agent(finished_run, tmp_path, line):
    copied = shutil.copytree(finished_run.path, tmp_path / "copied")
    lines = (copied / "metrics.jsonl").read_text().splitlines()
    (copied / "metrics.jsonl").write_text("\n".join([lines[0], line, *lines[1:], ""]))
    run = load_run(copied)
    assert run.content_hash == load_run(finished_run.path).content_hash
    assert run.curve == []
    assert run.curve_problem.startswith(f"{copied}/metrics.jsonl, line 2, ")
    assert curve_problems([run, run]) == (f"The learning curve of copied is missing: {run.curve_problem}",)


def test_a_whole_log_has_no_problem(loaded):
    assert loaded.curve_problem == ""
    assert curve_problems([loaded]) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"versions": None}, r"config\.json has versions=None"),
        ({"format_version": True}, r"config\.json has format version True"),
        ({"device": ["cpu"]}, r"config\.json has device=\['cpu'\]"),
        ({"config": {"env": "atlantis"}}, r"config\.json: unknown environment 'atlantis'"),
        (
            {"config": {"env": "point_u_maze", "episode_length": 10**12}},
            r"config\.json: episode_length=1000000000000 is",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_damaged_record_is_told_as_a_damaged_checkpoint_is(finished_run, tmp_path, change, message):
    copied = shutil.copytree(finished_run.path, tmp_path / "copied")
    record = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(CheckpointError, match=message):
        load_run(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 2**15, "actor_depth": 2**16, "critic_depth": 2**16},
        {"width": 2**15, "critic_depth": 2**14},
        {"width": 2**15, "actor_depth": 2**14},
    ],
    ids=str,
)
def test_settings_that_no_memory_holds_are_a_mismatch(finished_run, tmp_path, changes):
    copied = RunDir(shutil.copytree(finished_run.path, tmp_path / "copied"))
    record = json.loads(copied.config.read_text())
    record["config"].update(changes)
    copied.config.write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=r"leaf .* has shape .*: config\.json and arrays disagree"):
        load_run(copied.path)
