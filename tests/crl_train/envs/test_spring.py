"""The project's form of brax's spring physics does what brax's does."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from crl_train.envs import make_env, spring
from crl_train.envs.ant import ant_physics
from crl_train.envs.facts import ant_spec
from crl_train.envs.humanoid import humanoid_physics
from crl_train.envs.physics import Physics, asset
from crl_train.envs.silence import silence
from crl_train.envs.spring import take_floor

ANT, HUMANOID = make_env("ant"), make_env("humanoid")  # before any test changes how physics is compiled
STEPS = 3  # control steps, of ten substeps each

FALLING_BALL = """
<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="9 9 9" friction="0.3 0 0"/>
    <body pos="1 0 2"><freejoint/><geom type="{kind}" size="0.5 0.25 0.125" friction="0.7 0 0" {more}/></body>
  </worldbody>
</mujoco>
"""


@pytest.fixture
def as_brax_has_it(monkeypatch):
    """Let physics be compiled that is stepped by brax's own pipeline."""
    monkeypatch.setattr(spring, "take_floor", lambda model: None)
    return monkeypatch


def walk(physics: Physics, spin: float) -> np.ndarray:
    """Positions of a robot that is thrown onto the floor from several heights."""
    random = np.random.default_rng(0)

    def one(height):
        q = np.array(physics.start)
        q[2] = height
        qd = spin * random.standard_normal(physics.num_velocities)
        controls = random.uniform(-0.4, 0.4, (STEPS, physics.system.act_size()))
        return q, qd, controls

    q, qd, controls = map(np.array, zip(*(one(height) for height in np.linspace(0.2, 1.4, 8)), strict=True))
    run = jax.jit(jax.vmap(lambda *given: steps_under_jax(physics, *given)))
    return np.asarray(run(*map(jnp.float32, (q, qd, controls))))


def steps_under_jax(physics: Physics, q, qd, controls):
    def step(state, control):
        state = physics.step(state, control)
        return state, state.q

    return jax.lax.scan(step, physics.init(q, qd), controls)[1]


@pytest.mark.every_env
def test_a_humanoid_on_the_floor_moves_as_by_brax(as_brax_has_it):
    plain, ours = humanoid_physics(HUMANOID.spec), HUMANOID.physics
    assert plain.floor is None
    assert ours.floor is not None
    expected = walk(plain, spin=2.0)
    assert np.ptp(expected[:, -1, 2] - expected[:, 0, 2]) > 0.1  # some fall, some are pushed out of the floor
    # Each of 30 substeps rounds velocities of up to 100 m/s, and turns of the body amplify what the last one rounded.
    np.testing.assert_allclose(walk(ours, spin=2.0), expected, atol=2e-3)


@pytest.mark.every_env  # that robots move as the reference trainers' do is tested with numbers of theirs
def test_an_ant_on_the_floor_moves_as_by_brax(as_brax_has_it):
    plain, ours = ant_physics(ant_spec()), ANT.physics
    assert plain.floor is None
    expected = walk(plain, spin=1.0)
    assert np.ptp(expected[:, -1, 2] - expected[:, 0, 2]) > 0.1
    np.testing.assert_allclose(walk(ours, spin=1.0), expected, atol=2e-3)


@pytest.mark.every_env
def test_contacts_between_links_count_as_by_brax(as_brax_has_it):
    # In a maze the feet of an ant meet each other, its torso and its hips. Here there are no walls to build.
    def model():
        ant = asset("ant")
        for geometry in ant.geoms:
            if geometry.name != "floor":
                geometry.contype, geometry.conaffinity = 1, 1
        return ant

    plain = ant_physics(ant_spec(), model=model())
    as_brax_has_it.undo()
    ours = ant_physics(ant_spec(), model=model())
    assert plain.floor is None
    np.testing.assert_allclose(walk(ours, spin=1.0), walk(plain, spin=1.0), atol=2e-3)


@pytest.mark.parametrize(("kind", "points"), [("sphere", [[0, 0, 0]]), ("capsule", [[0, 0, 0.25], [0, 0, -0.25]])])
def test_what_can_touch_the_floor_is_taken_from_the_model(kind, points):
    model = mujoco.MjModel.from_xml_string(FALLING_BALL.format(kind=kind, more=""))
    floor = take_floor(model)
    np.testing.assert_allclose(floor.places, points)
    assert floor.links.tolist() == [0] * len(points)
    assert floor.radii.tolist() == [0.5] * len(points)
    np.testing.assert_allclose(floor.friction, 0.7)
    assert model.geom("floor").contype == model.geom("floor").conaffinity == 0
    assert take_floor(model) is None  # nothing is left


@pytest.mark.parametrize(
    ("kind", "more"), [("box", ""), ("sphere", 'contype="0" conaffinity="0"'), ("sphere", 'priority="1"')]
)
def test_other_models_are_left_to_brax(kind, more):
    model = mujoco.MjModel.from_xml_string(FALLING_BALL.format(kind=kind, more=more))
    assert take_floor(model) is None
    assert model.geom("floor").contype == 1


def test_a_ball_that_hits_the_floor_stops_as_worked_by_hand():
    from brax import math
    from brax.base import Motion, Transform
    from brax.io import mjcf

    model = mujoco.MjModel.from_xml_string(FALLING_BALL.format(kind="sphere", more=""))
    with silence():
        floor, system = take_floor(model), mjcf.load_model(model)
    # 2 kg, 1 cm deep in the floor, fall at 3 m/s and slide at 1 m/s along x.
    place = Transform(pos=jnp.array([[1.0, 0.0, 0.49]]), rot=math.quat_inv(jnp.array([[1.0, 0, 0, 0]])))
    velocity = Motion(vel=jnp.array([[1.0, 0.0, -3.0]]), ang=jnp.zeros((1, 3)))
    state = SimpleNamespace(x=place, x_i=place, xd_i=velocity, i_inv=jnp.eye(3)[None], mass=jnp.array([2.0]))
    change = spring.velocity_changes(system, floor, state)
    # The impulse takes the fall, and pushes out by a share of the depth. Friction would stop the slide of the place
    # that touches, 0.495 m below the centre: against 1/m + 0.495² it takes less than 0.7 of the impulse.
    up = 3 + float(system.baumgarte_erp / system.opt.timestep) * 0.01
    stopping = 1 / (1 / 2 + 0.495**2)
    assert stopping < 0.7 * 2 * up
    np.testing.assert_allclose(change.vel[0], [-stopping / 2, 0, up], rtol=1e-5, atol=1e-5)
    # (0, 0, -0.495) × (-stopping, 0, 0) = (0, 0.495 stopping, 0)
    np.testing.assert_allclose(change.ang[0], [0, 0.495 * stopping, 0], rtol=1e-5, atol=1e-5)
