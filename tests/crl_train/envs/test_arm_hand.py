"""The hand starts open above the bins, goes where it is told, and carries the cube from one to the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.arm_hand import START, TABLE
from crl_train.envs.arm_table import CUBE_HALF
from tests.crl_train.envs.physics_runs import Copies

HAND = make_env("arm_binpick_easy_EEF")
TIPS = 0.0584 + 0.035  # metres, from the hand down to the middle of the pads


def part(states, name):
    return np.asarray(states)[..., list(HAND.spec.layout.indices(name))]


def test_it_starts_open_and_at_rest():
    copies = Copies(HAND, 500)
    state, goal = map(np.asarray, HAND.split_observation(copies.reset(0).obs))
    np.testing.assert_allclose(part(state, "hand"), [START] * 500, atol=1e-6)
    np.testing.assert_allclose(part(state, "finger_distance"), 0.08, atol=1e-6)
    np.testing.assert_array_equal(part(state, "hand_velocity"), 0)
    for places, centre, half in ((state[:, :2], TABLE.cube, TABLE.cube_half), (goal[:, :2], TABLE.goal, 0.005)):
        offset = np.abs(places - centre)
        assert 0.9 * half < offset.max() <= half + 1e-6
    np.testing.assert_allclose(goal[:, 2], CUBE_HALF)


@pytest.mark.parametrize("reference", [None, "scaling-crl"])
def test_the_achieved_goal_is_where_the_simulator_has_the_cube(reference):
    env = make_env("arm_binpick_easy_EEF", EnvOptions(reference=reference, backend="mujoco"))
    copies = Copies(env, 4)
    state = copies.step(copies.reset(1), 0.3 * jnp.ones((4, 4)))
    cube = state.pipeline_state.x.pos[:, env.physics.link("cube")]
    np.testing.assert_allclose(env.achieved_goal(env.split_observation(state.obs)[0]), cube, atol=1e-6)
    assert env.state_dim == 11


def test_it_carries_the_cube_into_the_other_bin():
    """Above the cube, down, close, up, across, down, open; each step is 0.2 m at most, as the action has it."""
    step = jax.jit(HAND.step)
    q = jnp.asarray(HAND.start).at[:3].set(jnp.array([*TABLE.cube, CUBE_HALF]))
    state = HAND.begin(q, jnp.zeros(HAND.physics.num_velocities), jnp.array([*TABLE.goal, CUBE_HALF]))
    plan = (
        *(((*TABLE.cube, 0.3), -1, 30), ((*TABLE.cube, 0.03 + TIPS), -1, 40), ((*TABLE.cube, 0.03 + TIPS), 1, 20)),
        *(((*TABLE.cube, 0.3), 1, 30), ((*TABLE.goal, 0.3), 1, 60), ((*TABLE.goal, 0.05 + TIPS), 1, 40)),
        ((*TABLE.goal, 0.3), -1, 30),
    )
    heights = []
    for place, grip, steps in plan:
        for _ in range(steps):
            hand = part(HAND.split_observation(state.obs)[0], "hand")
            told = np.clip((np.array(place) - hand) / 0.2, -1, 1)
            state = step(state, jnp.append(jnp.float32(told), grip))
        heights.append(float(state.obs[2]))
    assert heights[3] > 0.15  # it hangs between the fingers
    assert heights[-1] == pytest.approx(CUBE_HALF, abs=5e-3)
    assert state.reward == 1
