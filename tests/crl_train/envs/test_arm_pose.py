"""The closed form puts the wrist where the chain of transformations has it."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.arm_pose import AT_REST, SHOULDER_HEIGHT, joints_at
from tests.crl_train.envs.test_arm import REST, segment, wrist_by_hand

ACCURACY = 1e-5  # metres: angles of a few radians in float32, at a metre's distance


@settings(deadline=None)
@given(st.floats(-0.25, 0.25), st.floats(0.27, 0.73), st.floats(0.1, 0.5))
def test_the_wrist_comes_to_where_it_is_asked(x, y, z):
    joints = np.asarray(joints_at(np.array([x, y, z])), float)
    np.testing.assert_allclose(wrist_by_hand(joints), [x, y, z], atol=ACCURACY)
    assert joints[[2, 4]].tolist() == [0, 0]
    assert joints[3] < 0  # the elbow is up


def test_the_pose_at_rest_comes_out_again():
    joints = np.asarray(joints_at(wrist_by_hand((*REST[:5], AT_REST[6], AT_REST[7]))))
    np.testing.assert_allclose(joints, REST, atol=2e-3)  # the sheet of these angles has three digits


def test_out_of_reach_the_arm_points_there():
    joints = np.asarray(joints_at(np.array([0.0, 3.0, SHOULDER_HEIGHT])), float)
    wrist = wrist_by_hand(joints)
    assert np.isfinite(joints).all()
    np.testing.assert_allclose(wrist[[0, 2]], [0, SHOULDER_HEIGHT], atol=1e-3)
    assert wrist[1] == pytest.approx(0.80, abs=0.01)  # 0.327 m to the elbow and 0.479 m from there


def test_landscapes_of_reaching_hold_the_wrist_at_places():
    env = make_env("arm_reach", EnvOptions(backend="mujoco"))
    xy = env.floor.fine_grid(5).points
    states = np.asarray(env.planar_state(xy))
    assert env.floor.is_free(xy).all()
    np.testing.assert_allclose(segment(env, states, "wrist"), np.c_[xy, np.full(len(xy), 0.3)], atol=1e-6)
    for state in states:
        np.testing.assert_allclose(wrist_by_hand(state[:7]), state[7:10], atol=ACCURACY)
    assert not segment(env, states, "wrist_velocity").any()
    starts = jax.vmap(env.reset)(jax.random.split(jax.random.key(0), 3)).obs
    wrist = segment(env, env.split_observation(starts)[0], "wrist")
    np.testing.assert_allclose(wrist[:, :2], [env.floor.start] * 3, atol=1e-3)


def test_what_stands_at_a_place_is_said():
    env = make_env("arm_reach", EnvOptions(backend="mujoco"))
    assert f"{env.planar_state(np.array([0.0, 0.5]))[9]:.1f} m above the table" in env.nominal_words
