"""What every environment of the project keeps: one test of the contract, by name, and the facts without building."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, list_envs, list_families, make_env
from crl_train.envs.goal_env import EnvSpec, GoalEnv
from crl_train.envs.point_maze import PointMaze
from crl_train.errors import ConfigError
from crl_train.policy import uniform_act
from crl_train.rollout import reset_slots, unroll

# One of each robot; the other names differ in a maze or in where an episode begins, and are slow together.
QUICK = {"point_u_maze", "reacher", "pusher_easy", "cheetah", "ant", "ant_ball", "simple_u_maze", "humanoid"}
NAMES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in list_envs()]
OF_FAMILIES = [(family, name) for family in list_families() for name in family.names]
COPIES = 8
STEPS = 1000


@pytest.mark.parametrize(("family", "name"), OF_FAMILIES, ids=[name for _, name in OF_FAMILIES])
def test_facts_are_known_without_building(family, name):
    for reference in (None, *family.references_of(name)):
        spec = family.facts(name, EnvOptions(reference=reference))
        assert spec.name == name
        assert spec.fixed_starts == (reference is not None)
        assert spec.tolerance > 0
        assert spec.dt > 0
        assert spec.backend in (family.backends or ("",))


@pytest.mark.parametrize("name", NAMES)
def test_an_environment_keeps_the_contract(name):
    env = make_env(name)
    first, end, starts, taken = play(env)
    check_sizes(env, name, first)
    check_numbers(first, end, taken)
    check_determinism(env, starts)
    check_success(env, first)
    check_goals_are_kept_and_states_are_not_mixed(env, taken)
    check_places(env, first)


def play(env: GoalEnv):
    """Eight copies under random actions for 1,000 steps, in one program; episodes end after 300 or by themselves."""

    @jax.jit
    def run(key):
        reset_key, key = jax.random.split(key)
        slots = reset_slots(env, reset_key, COPIES)

        def act(state, goal, key):
            return uniform_act(env.action_dim)(state, goal, key)

        end, taken = unroll(env, act, slots, key, STEPS, 300)
        return slots, end, taken

    first, end, taken = run(jax.random.key(0))
    again, _, taken_again = run(jax.random.key(0))
    other, _, _ = run(jax.random.key(1))
    return first, end, (again, other, taken_again, taken), taken


def check_sizes(env: GoalEnv, name: str, first) -> None:
    family = next(family for family, member in OF_FAMILIES if member == name)
    facts: EnvSpec = family.facts(name)
    assert dataclasses.replace(env.spec, dt=facts.dt) == facts or env.spec.layout.segments == facts.layout.segments
    assert env.spec.dt == pytest.approx(facts.dt)
    assert env.name == name
    assert first.env_state.obs.shape == (COPIES, env.state_dim + env.goal_dim) == (COPIES, env.observation_size)
    assert first.env_state.obs.dtype == first.env_state.reward.dtype == first.env_state.done.dtype == jnp.float32
    assert env.goal_indices == env.spec.layout.indices(env.spec.goal_segment)
    assert max(env.goal_indices) < env.state_dim


def check_numbers(first, end, taken) -> None:
    for leaf in jax.tree.leaves((first, end, taken)):
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            assert np.isfinite(leaf).all()
    assert (np.asarray(end.trajectory_id) >= STEPS // 300).all()


def check_determinism(env: GoalEnv, starts) -> None:
    again, other, taken_again, taken = starts
    np.testing.assert_array_equal(taken_again.state, taken.state)
    np.testing.assert_array_equal(
        again.env_state.obs[0],
        taken_again.state[0, 0].tolist() + list(env.split_observation(again.env_state.obs)[1][0]),
    )
    assert (np.asarray(other.env_state.obs) != np.asarray(again.env_state.obs)).any() or env.goal_dim == 1


def check_success(env: GoalEnv, first) -> None:
    """A goal is reached just below the tolerance, and not just above it."""
    state, goal = env.split_observation(first.env_state.obs)
    state = np.array(state)
    state[:, list(env.goal_indices)] = goal
    for distance, reached in ((0.99, True), (1.01, False)):
        away = np.array(state)
        away[:, env.goal_indices[0]] += distance * env.spec.tolerance
        np.testing.assert_array_equal(env.success(away, goal), reached)


def check_goals_are_kept_and_states_are_not_mixed(env: GoalEnv, taken) -> None:
    """Within an episode a state follows from the one before: no step is longer than a body can be fast."""
    ids, states = np.asarray(taken.trajectory_id), np.asarray(taken.state)
    assert (np.diff(ids, axis=0) >= 0).all()
    assert (np.diff(ids, axis=0) <= 1).all()
    places = states[..., list(env.goal_indices)]
    jumps = np.linalg.norm(np.diff(places, axis=0), axis=-1)
    same = np.diff(ids, axis=0) == 0
    assert jumps[same].max() <= 40 * env.spec.dt  # metres: 40 m/s


def check_places(env: GoalEnv, first) -> None:
    state, goal = env.split_observation(first.env_state.obs)
    if env.spec.plane is None:
        with pytest.raises(ConfigError, match="not planar"):
            env.planar_state(np.zeros((1, 2)))
        return
    xy = np.asarray(env.in_plane(goal))
    if env.maze is not None:
        assert env.maze.is_free(xy).all()
        if not isinstance(env, PointMaze):
            assert env.maze.is_free(np.asarray(state[:, :2])).all()
    if not env.is_planar:
        with pytest.raises(ConfigError, match=f"environment '{env.name}'"):
            env.planar_state(xy)
        return
    placed = env.planar_state(xy)
    assert placed.shape == state.shape
    np.testing.assert_allclose(env.in_plane(env.achieved_goal(placed)), xy, atol=1e-4)
