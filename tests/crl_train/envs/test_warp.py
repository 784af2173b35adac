"""MuJoCo Warp gives what MuJoCo gives, however many copies there are; where it is missing, one line says so."""

import importlib.util
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.warp import Warp
from crl_train.errors import ConfigError
from tests.crl_train.envs.test_simulations import SIMULATIONS, after, copies

installed = pytest.mark.skipif(importlib.util.find_spec("warp") is None, reason="MuJoCo Warp is not installed")


def test_where_it_is_missing_one_line_says_how_to_install_it(monkeypatch):
    importlib.import_module("mujoco.mjx")  # it looks for Warp once, when it is imported
    monkeypatch.setitem(sys.modules, "warp", None)
    with pytest.raises(ConfigError) as error:
        make_env("cheetah", EnvOptions(backend="warp"))
    assert str(error.value) == (
        "backend='warp' is not usable: MuJoCo Warp is not installed. Install it with `pip install 'mujoco-mjx[warp]'`, "
        "or choose another backend."
    )


@pytest.fixture(scope="module")
def warp():
    model = SIMULATIONS.model.__copy__()
    model.opt.disableflags = 0  # it knows no flag that keeps diverged states
    return Warp(model, SIMULATIONS.substeps)


@installed
@pytest.mark.slow
def test_balls_fall_and_bounce_as_in_mujoco(warp):
    q, qd, control = copies()
    ours, theirs = (after(which, q, qd, control, steps=20) for which in (warp, SIMULATIONS))  # a second
    assert (theirs.q[:, 2] < 0.5).any()
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)  # single precision through a bounce


@installed
@pytest.mark.slow
def test_a_copy_does_not_depend_on_the_others(warp):
    q, qd, control = copies()
    whole = after(warp, q, qd, control)
    alone = after(warp, q[3:4], qd[3:4], control[3:4])
    np.testing.assert_allclose(alone.q[0], whole.q[3], atol=1e-5)
    pairs = jax.jit(jax.vmap(jax.vmap(lambda *given: warp.step(warp.init(*given[:2]), given[2]))))
    nested = pairs(*(array.reshape(4, 2, -1) for array in (q, qd, control)))
    np.testing.assert_allclose(nested.q.reshape(8, -1), after(warp, q, qd, control, steps=1).q, atol=1e-5)


@installed
@pytest.mark.slow
def test_a_copy_that_diverges_stands_still_and_the_others_go_on(warp):
    q, qd, control = copies()
    state = jax.vmap(warp.init)(q, qd.at[2, 0].set(jnp.inf))
    later = jax.jit(jax.vmap(warp.step))(state, control)
    assert later.failed.tolist() == [copy == 2 for copy in range(8)]
    np.testing.assert_array_equal(later.q[2], state.q[2])
    assert np.isfinite(later.q).all()


@installed
@pytest.mark.slow
@pytest.mark.parametrize(("name", "positions"), [("cheetah", range(9)), ("arm_push_easy", range(10))])
def test_robots_move_as_in_mujoco(name, positions):
    paths = []
    for backend in ("warp", "mujoco"):
        env = make_env(name, EnvOptions(backend=backend))
        actions = jax.random.uniform(jax.random.key(1), (10, 4, env.action_dim), minval=-0.2, maxval=0.2)

        def roll(actions, env=env):
            start = jax.vmap(env.reset)(jax.random.split(jax.random.key(0), 4))
            step = jax.vmap(env.step)

            def one(state, action):
                after = step(state, action)
                return after, after.obs

            return jax.lax.scan(one, start, actions)[1]

        paths.append(np.asarray(env.jit(roll)(actions)))
    # In metres and radians. MuJoCo itself damps the arm's motors less while they pull as hard as they can.
    np.testing.assert_allclose(*(path[..., list(positions)] for path in paths), atol=5e-3)
