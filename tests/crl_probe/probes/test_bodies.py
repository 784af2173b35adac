"""Bodies are where the recorded states say, and made of what the model is made of."""

import dataclasses
import json

import numpy as np
import pytest

from crl_probe.evidence.body_motion import BOX, CAPSULE, SPHERE, WORLD, shapes_of
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes import bodies
from crl_probe.probes.registry import check_possible, measure, probes_for
from crl_probe.render.page.bodies import bodies_view
from crl_probe.render.page.inline import packed
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import run_infos
from crl_probe.store.results import load_result, save_result
from crl_train.envs import EnvOptions, make_env
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun
from tests.crl_probe.robots import STEPS, FakeArm


@pytest.fixture(scope="module")
def evidence():
    settings = EvidenceSettings(episodes=6, episode_length=STEPS, seed=3)
    return Evidence([FakeArm(depth=4), FakeArm(depth=64)], settings, use_cache=False)


@pytest.fixture(scope="module")
def result(evidence):
    return bodies.run(evidence, bodies.BodiesSettings(frames=STEPS + 1), np.random.default_rng(0))


def test_bodies_are_where_the_recorded_states_have_them(evidence, result):
    env = evidence.env
    assert result.steps.tolist() == list(range(STEPS + 1))
    wrist, cube = env.physics.link("link7"), env.physics.link("cube")
    for record, positions, distances in zip(evidence.episodes, result.positions, result.distances, strict=True):
        for pair, goal in enumerate(result.goals):
            (episode,) = np.flatnonzero((record.commanded_goals == goal).all(axis=1))
            states = record.states[episode]
            np.testing.assert_allclose(positions[pair, :, cube], states[:, :3], atol=1e-6)
            seen = states[:, list(env.spec.layout.indices("wrist"))]
            np.testing.assert_allclose(positions[pair, :, wrist], seen, atol=1e-6)
            np.testing.assert_allclose(distances[pair, 1:], record.distances[episode], atol=1e-6)
    assert result.drift.max() < 1e-6
    assert bodies.PROBE.notes(result) == ()
    (note,) = bodies.PROBE.notes(dataclasses.replace(result, drift=np.array([0.0, 0.5])))
    assert "up to 0.5 m from where the record" in note
    np.testing.assert_allclose(np.linalg.norm(result.rotations, axis=-1), 1, atol=1e-5)
    assert np.abs(result.positions[0] - result.positions[1]).max() > 0.1  # the agents differ


def test_shapes_are_those_of_the_model():
    arm = shapes_of(make_env("arm_binpick_easy", EnvOptions(backend="mujoco")))
    count = {kind: int((arm.kind == kind).sum()) for kind in (SPHERE, CAPSULE, BOX)}
    assert count == {SPHERE: 0, CAPSULE: 7, BOX: 8 + 1 + 2}  # bones and hand; walls of bins, cube and pads
    assert (arm.body[arm.kind == BOX] == WORLD).sum() == 8
    env = make_env("ant_u_maze", EnvOptions(backend="mujoco"))
    ant = shapes_of(env)
    walls = ant.body == WORLD
    assert walls.sum() == env.maze.walls.sum()
    np.testing.assert_allclose(ant.size[walls], [[2, 2, 1]] * walls.sum())
    # Torso, feet and hips are balls or capsules of the model; the floor is no solid.
    assert set(ant.kind[~walls].tolist()) <= {SPHERE, CAPSULE}


def test_fewer_moments_are_spread_over_the_episode(evidence):
    result = bodies.run(evidence, bodies.BodiesSettings(pairs=1, frames=5), np.random.default_rng(0))
    assert result.steps.tolist() == [0, 10, 20, 30, 40]
    assert result.positions.shape[:3] == (2, 1, 5)


def test_a_result_is_kept_on_disk_as_it_is(result, tmp_path):
    save_result(result, tmp_path / "bodies.npz")
    again = load_result(tmp_path / "bodies.npz", bodies.BodiesResult)
    np.testing.assert_array_equal(again.positions, result.positions)
    np.testing.assert_array_equal(again.shapes.colour, result.shapes.colour)


def test_a_point_has_no_body():
    with pytest.raises(ProbeError, match=r"cannot be probed this way: nothing of it is a body with parts\.$"):
        check_possible(bodies.PROBE, Evidence([FakeRun()], EvidenceSettings(episodes=2)))


def test_an_environment_without_bodies_is_not_told_about_them_unless_they_are_asked_for():
    evidence = Evidence([FakeRun()], EvidenceSettings(episodes=2, episode_length=10), use_cache=False)
    assert bodies.PROBE not in probes_for(evidence)
    assert "bodies" in measure(evidence, ["bodies"]).missing


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match=r"^pairs=0 is not usable: there must be at least 1 start and goal\. Use 2\."):
        bodies.BodiesSettings(pairs=0)
    with pytest.raises(ConfigError, match=r"^frames=1 is not usable: "):
        bodies.BodiesSettings(frames=1)


def test_the_view_has_a_panel_for_each_depth_and_keeps_places_to_a_hair(result):
    view = bodies_view(result)
    assert [panel.title for panel in view.panels] == ["depth 4", "depth 64"]
    assert [control.key for control in view.controls] == ["pair", "seed", "camera", "time"]
    data = view.data
    low, high = data["low"].astype(float), data["high"].astype(float)
    shown = low + data["positions"] / 65535 * (high - low)
    np.testing.assert_allclose(shown, result.positions, atol=(high - low).max() / 65535)
    turned = 2 * (data["rotations"] / 65535) - 1
    np.testing.assert_allclose(turned, result.rotations, atol=1e-4)
    # An arm stays where it is: there is one camera. Its parts have colours of their own.
    assert [value for value, _ in view.controls[2].options] == ["all"]
    assert all(data["colours"])


def test_nine_humanoids_take_little_of_a_page():
    """Two episodes of 400 moments; a whole page of nine runs has 12 MB."""
    env = make_env("humanoid_big_maze")
    runs = run_infos([FakeRun(depth=depth, seed=seed) for depth in (4, 16, 64) for seed in range(3)])
    shapes = shapes_of(env)
    each = (len(runs), 2, 400)
    rng = np.random.default_rng(0)
    many = bodies.BodiesResult(
        runs=runs,
        shapes=shapes,
        steps=np.linspace(0, 1000, 400).round().astype(int),
        seconds=float(env.spec.dt),
        way=np.ones(2),
        goals=np.ones((2, 3), np.float32),
        tolerance=0.5,
        positions=rng.normal(size=(*each, shapes.body.max() + 1, 3)).astype(np.float32),
        rotations=rng.normal(size=(*each, shapes.body.max() + 1, 4)).astype(np.float32),
        distances=rng.random(each, np.float32),
        arrival=np.zeros(each[:2], int),
        taken=np.full(each[:2], 1000),
        drift=np.zeros(len(runs)),
    )
    assert len(json.dumps(packed(bodies_view(many).data))) < 2_000_000
