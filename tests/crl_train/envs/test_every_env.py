"""What every environment of the project keeps: one test of the contract, by name, and the facts without building."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, list_families, make_env
from crl_train.envs.goal_env import EnvSpec, GoalEnv
from crl_train.errors import ConfigError
from crl_train.policy import uniform_act
from crl_train.rollout import Slots, Transition, reset_slots, unroll

OF_FAMILIES = [(family, name) for family in list_families() for name in family.names]
COPIES = 8
STEPS = 1000
EPISODE = 300


@pytest.mark.parametrize(("family", "name"), OF_FAMILIES, ids=[name for _, name in OF_FAMILIES])
def test_facts_are_known_without_building(family, name):
    for reference in (None, *family.references_of(name)):
        spec = family.facts(name, EnvOptions(reference=reference))
        assert spec.name == name
        assert spec.fixed_starts == (reference is not None)
        assert spec.tolerance > 0
        assert spec.dt > 0
        assert spec.backend in (family.backends or ("",))


@pytest.mark.slow
def test_an_environment_keeps_the_contract(env_name):
    """With MuJoCo itself where there is a choice: it compiles in a second. Other physics has tests of its own."""
    (family,) = (family for family, name in OF_FAMILIES if name == env_name)
    options = EnvOptions(backend="mujoco" if "mujoco" in family.backends else None)
    env = make_env(env_name, options)
    (played, other), (again, _) = play(env, (0, 1))
    check_sizes(env, family.facts(env_name, options), played.first)
    check_numbers(played)
    check_determinism(env, played, again, other)
    check_success(env, played.first)
    check_episodes(env, played.taken)
    check_places(env, played.first)


@dataclasses.dataclass(frozen=True)
class Played:
    """What copies under random actions did: the slots before and after, and every transition."""

    first: Slots
    end: Slots
    taken: Transition


def play(env: GoalEnv, seeds: tuple[int, ...]) -> list[list[Played]]:
    """Eight copies for 1,000 steps under each seed, by one program that is called twice.

    Episodes end after 300 steps or by themselves.
    """

    def run(seed):
        key = jax.random.key(seed)
        reset_key, key = jax.random.split(key)
        slots = reset_slots(env, reset_key, COPIES)
        end, taken = unroll(env, uniform_act(env.action_dim), slots, key, STEPS, EPISODE)
        return slots, end, taken

    program = jax.jit(jax.vmap(run))
    calls = [jax.tree.map(np.asarray, program(jnp.array(seeds))) for _ in range(2)]
    return [
        [Played(*jax.tree.map(lambda leaf, place=place: leaf[place], played)) for place in range(len(seeds))]
        for played in calls
    ]


def check_sizes(env: GoalEnv, facts: EnvSpec, first: Slots) -> None:
    assert facts.layout.segments == env.spec.layout.segments
    assert dataclasses.replace(facts, layout=env.spec.layout) == env.spec
    assert env.name == facts.name
    state = first.env_state
    assert state.obs.shape == (COPIES, env.state_dim + env.goal_dim) == (COPIES, env.observation_size)
    assert state.obs.dtype == state.reward.dtype == state.done.dtype == np.float32
    assert max(env.goal_indices) < env.state_dim


def check_numbers(played: Played) -> None:
    for leaf in jax.tree.leaves((played.first, played.end, played.taken)):
        if np.issubdtype(leaf.dtype, np.floating):
            assert np.isfinite(leaf).all()
    assert (played.end.trajectory_id >= STEPS // EPISODE).all()


def check_determinism(env: GoalEnv, played: Played, again: Played, other: Played) -> None:
    np.testing.assert_array_equal(again.taken.state, played.taken.state)
    np.testing.assert_array_equal(again.end.env_state.obs, played.end.env_state.obs)
    assert (other.taken.state != played.taken.state).any()
    # The first transition starts where the slots did.
    np.testing.assert_array_equal(played.taken.state[0], played.first.env_state.obs[:, : env.state_dim])


def check_success(env: GoalEnv, first: Slots) -> None:
    """A goal is reached just below the tolerance, and not just above it; other rules have tests of their own."""
    if type(env).success is not GoalEnv.success:
        return
    state, goal = map(np.asarray, env.split_observation(jnp.asarray(first.env_state.obs)))
    for share, reached in ((0.99, True), (1.01, False)):
        away = state.copy()
        away[:, list(env.goal_indices)] = goal
        away[:, env.goal_indices[0]] += share * env.spec.tolerance
        np.testing.assert_array_equal(env.success(jnp.asarray(away), jnp.asarray(goal)), reached)


def check_episodes(env: GoalEnv, taken: Transition) -> None:
    """Trajectories are numbered in order, and a state follows from the one before: no body is faster than 40 m/s."""
    numbered = np.diff(taken.trajectory_id, axis=0)
    assert ((numbered == 0) | (numbered == 1)).all()
    places = taken.state[..., list(env.goal_indices)]
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=-1) / env.spec.dt
    assert speeds[numbered == 0].max() <= 40


def check_places(env: GoalEnv, first: Slots) -> None:
    """No start or goal is in a wall, and the nominal state is where it should be, or one line says there is none."""
    state, goal = map(np.asarray, env.split_observation(jnp.asarray(first.env_state.obs)))
    if not env.is_planar:
        with pytest.raises(ConfigError, match=f"^environment '{env.name}' is not planar: [^\n]*$"):
            env.planar_state(np.zeros((1, 2)))
    if env.spec.plane is None:
        return
    places = env.in_plane(goal)
    if env.maze is not None:
        assert env.maze.is_free(places).all()
        assert env.maze.is_free(env.in_plane(state[:, list(env.goal_indices)])).all()
    if env.is_planar:
        placed = env.planar_state(places)
        assert placed.shape == state.shape
        # Some goals of an arm are out of its reach: it goes as near as it can.
        free = np.ones(COPIES, dtype=bool) if env.floor is None else env.floor.is_free(places)
        assert free.any()
        np.testing.assert_allclose(np.asarray(env.in_plane(env.achieved_goal(placed)))[free], places[free], atol=1e-4)
