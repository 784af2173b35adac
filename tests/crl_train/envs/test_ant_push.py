"""The ant starts in its corner, the box can be pushed, and the goal is behind it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.ant_push import BOX_HALF, BOX_PLACE, GOALS, START_HEIGHT
from tests.crl_train.envs.physics_runs import Copies

ANT = make_env("ant_push")
COPIES = Copies(ANT, 32)


@pytest.mark.parametrize("reference", [None, "scaling-crl"])
def test_starts_and_goals(reference):
    env = make_env("ant_push", EnvOptions(reference=reference))
    q, qd, goals = map(np.asarray, jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(0), 4000)))
    assert np.abs(q[:, :2]).max() <= 0.1 + 1e-6
    assert q[:, 2].mean() == pytest.approx(START_HEIGHT, abs=5 * 0.1 / np.sqrt(3 * 4000))
    assert np.abs(q[:, 15:]).max() <= 0.1 + 1e-6
    np.testing.assert_array_equal(qd[:, 15:], 0)
    assert (qd[:, 14].std() > 0.05) == (reference is not None)  # theirs begins with a push of the box
    which = goals[:, 0] > goals[:, 1]
    assert which.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(4000))
    for goal, mine in zip(GOALS, (which, ~which), strict=True):
        offset = goals[mine] - goal
        assert offset.min() >= 0
        assert 1.95 < offset.max() <= 2


def test_the_state_has_the_torso_and_the_box_where_the_simulator_has_them():
    state = COPIES.step(COPIES.reset(0), 0.5 * jnp.ones((32, 8)))
    seen, _ = ANT.split_observation(state.obs)
    places = {name: state.pipeline_state.x.pos[:, ANT.physics.link(name)] for name in ("torso", "box")}
    np.testing.assert_allclose(ANT.achieved_goal(seen), places["torso"][:, :2], atol=1e-6)
    np.testing.assert_allclose(seen[:, 29:], places["box"][:, :2], atol=1e-5)
    assert not ANT.is_planar


def test_the_box_falls_to_the_floor_and_goes_where_it_is_pushed():
    q, qd = np.array(ANT.physics.start), np.zeros(ANT.physics.num_velocities)
    q[:2] = BOX_PLACE[0] - BOX_HALF[0] - 0.6, BOX_PLACE[1]  # beside the box, and thrown at it
    qd[0] = 4.0
    copies = Copies(ANT, 1)
    positions = copies.positions_under(q, qd, np.zeros((20, 8)))
    assert positions[-1, 15] > 0.2
    assert abs(positions[-1, 16]) < 0.5 * positions[-1, 15]
    assert positions[-1, 17] == pytest.approx(BOX_HALF[2] - BOX_PLACE[2], abs=0.02)


def test_the_boxes_that_stand_stop_the_ant():
    q, qd = np.array(ANT.physics.start), np.zeros(ANT.physics.num_velocities)
    qd[1] = -6.0  # towards the box behind the start, whose face is at y = -4 m
    y = Copies(ANT, 1).positions_under(q, qd, np.zeros((40, 8)))[:, 1]
    assert -4 < y.min() < -2


def test_what_random_actions_do_to_the_ant():
    found = COPIES.random_episodes(11, 200)
    assert jnp.isfinite(found.last).all()
    assert found.lengths.max() <= 200
