"""The view of embedding trajectories: coordinates survive their packing, and panels and controls say what is shown."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.probes.embedding_trajectory import MEASURES, EmbeddingTrajectoryResult
from crl_probe.render.page.embedding_trajectory import _box, _centred, _packed, trajectory_view
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level

AGENTS = ((4, 0), (4, 1), (16, 0), (16, 1))
GOALS = np.array([[1.0, 1.0], [2.0, 0.0]])


def info(depth, seed, env_steps=1_000):
    label = f"depth {depth}"
    return RunInfo(f"m_d{depth}_s{seed}", label, "m", depth, depth, seed, env_steps, f"{depth}-{seed}-{env_steps}")


def pictured(runs, method="AlignedUMAP", episodes=4, length=5):
    """A result about a maze of two by three cells; episode ``10 + k`` is of the agent ``k``, on and on."""
    generator = np.random.default_rng(0)
    count, points = len(runs), episodes * length
    way = np.tile(np.linspace(4.0, 0.5, length), episodes)
    return EmbeddingTrajectoryResult(
        runs=tuple(runs),
        method=method,
        picture=generator.normal(size=(count, points + 2, 2)),
        linear=generator.normal(size=(count, points + 2, 3)),
        explained=np.linspace(0.5, 0.9, count),
        trustworthiness=np.full(count, 0.9),
        episode=np.repeat(10 + np.arange(episodes), length),
        time=np.tile(2 * np.arange(length), episodes),
        source=np.repeat(np.arange(episodes) % count, length),
        actors=tuple(runs),
        positions=generator.uniform(size=(points, 2)),
        distance=way,
        goals=GOALS,
        measures={name: generator.uniform(size=(count, 6)) for name in MEASURES},
        map_xs=np.array([0.0, 1.0]),
        map_ys=np.array([0.0, 1.0, 2.0]),
        map_free=np.array([[True, True, False], [True, True, True]]),
    )


@pytest.fixture
def result():
    return pictured([info(*agent) for agent in AGENTS])


@pytest.fixture
def over_training():
    """Late checkpoints first: their order must not matter."""
    return pictured([info(*agent, env_steps) for agent in AGENTS for env_steps in (3_000, 1_000, 2_000)])


def view_of(result, over_training=None):
    return trajectory_view(result, estimate_by_level(result.samples()), over_training)


def control(view, key):
    (found,) = [control for control in view.controls if control.key == key]
    return found


def unpacked(packed):
    """As the page's script does it."""
    low, high = packed["limits"][:, None, :, 0], packed["limits"][:, None, :, 1]
    return low + (high - low) * (packed["shares"] / 65_535)


def test_coordinates_are_shares_of_their_limits_by_hand():
    packed = _packed(np.array([[[0.0, 5.0], [4.0, 5.0], [1.0, 5.0]]]))
    # 1 / 4 of 65,535 is 16,383.75; where all are in one place the limits are half a unit away.
    np.testing.assert_array_equal(packed["shares"][0], [[0, 32_768], [65_535, 32_768], [16_384, 32_768]])
    np.testing.assert_array_equal(packed["limits"][0], [[0.0, 4.0], [4.5, 5.5]])
    assert packed["shares"].dtype == np.uint16


@settings(max_examples=60)
@given(arrays(np.float64, (3, 7, 2), elements=st.floats(-1e3, 1e3, width=16)), st.booleans())
def test_packed_coordinates_come_back_within_a_60_000th_of_their_limits(points, alone):
    packed = _packed(points, _box(points, [0, 1, 2] if alone else None))
    extent = np.diff(packed["limits"], axis=-1)[:, None, :, 0]
    assert (np.abs(unpacked(packed) - points) <= extent / 60_000).all()


@settings(max_examples=30)
@given(arrays(np.float64, (2, 6, 3), elements=st.floats(-50, 50, width=16)), st.integers(0, 2**32 - 1))
def test_a_picture_in_space_stays_in_view_however_it_is_turned(points, seed):
    centred, radius = _centred(points)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    assert np.abs(centred @ turn).max() <= radius * (1 + 1e-9)
    np.testing.assert_allclose(centred[0, 0] - centred[1, 5], points[0, 0] - points[1, 5], atol=1e-9)


def test_pictures_of_the_result_are_in_the_page(result):
    data = view_of(result).data
    np.testing.assert_allclose(unpacked(data["spaces"]["flat"]), result.picture, atol=1e-3)
    solid = unpacked(data["spaces"]["solid"])
    np.testing.assert_allclose(solid - solid[:1, :1], result.linear - result.linear[:1, :1], atol=1e-3)
    places = unpacked(data["places"])[0]
    np.testing.assert_allclose(places, np.concatenate([result.positions, GOALS]), atol=1e-3)


def test_pictures_made_together_share_a_scale_and_others_have_one_for_each_agent(over_training):
    together = view_of(over_training).data["spaces"]["flat"]["limits"]
    assert len(np.unique(together, axis=0)) == 1
    alone = view_of(dataclasses.replace(over_training, method="UMAP")).data["spaces"]["flat"]["limits"]
    assert len(np.unique(alone, axis=0)) == len(AGENTS)
    np.testing.assert_array_equal(alone[0], alone[2])  # two checkpoints of one agent
    np.testing.assert_allclose(alone[:3, 0, 0], over_training.picture[:3, :, 0].min(), rtol=1e-6)


def test_the_map_comes_first_then_each_depth_with_its_scores(result):
    view = view_of(result)
    assert [(panel.title, panel.kind, panel.depth) for panel in view.panels] == [
        ("Where they are", "map", ""),
        ("depth 4", "depth", "depth 4"),
        ("depth 16", "depth", "depth 16"),
    ]
    assert view.panels[0].alt == "Map of 20 states of 4 episodes, and of 2 goals, in the maze"
    assert view.panels[0].aspect == pytest.approx(2 / 3)  # it has no outer wall
    titles, texts = zip(*view.panels[1].scores, strict=True)
    assert titles == ("Trustworthiness", "Straightness", "Path length", "Energy monotonicity", "Variance seen in 3-D")
    assert texts[0] == "90 % [no spread]"
    assert texts[4] == "56.7 %"  # of 0.5 and 0.633
    assert view.panels[1].alt.startswith(
        "AlignedUMAP projection of 20 states of 4 episodes, as depth 4 embeds them. Trust"
    )
    assert f"Straightness {texts[1]}" in view.panels[1].alt


def test_the_goals_of_a_plane_without_walls_and_with_one_coordinate_are_in_view(result):
    line = dataclasses.replace(
        result,
        positions=result.positions[:, :1],
        goals=np.array([[-3.0], [5.0]]),
        map_xs=np.zeros(0),
        map_ys=np.zeros(0),
        map_free=np.zeros((0, 0), bool),
    )
    view = view_of(line)
    assert view.data["maze"] is None
    # 8 metres from goal to goal, and 6 % of them on either side; the plane is a square around the line.
    assert view.data["limits"] == pytest.approx([-3.48, 5.48, -4.48, 4.48])
    assert (view.panels[0].aspect, view.panels[0].alt[-12:]) == (pytest.approx(1.0), "in the plane")


def test_every_choice_has_a_control(result):
    view = view_of(result)
    assert [control.key for control in view.controls] == ["colour", "seed", "space", "episode"]
    assert [value for value, _ in control(view, "colour").options] == ["distance", "time", "episode", "actor"]
    assert control(view, "space").options == (("flat", "UMAP, flat"), ("solid", "PCA, in 3-D"))
    assert control(view, "seed").form == "pills"
    follow = control(view, "episode")
    assert follow.form == "select"
    assert follow.options[0] == ("", "all episodes")
    assert follow.options[3] == ("3", "episode 3 · depth 16, seed 0 · 4.0 → 0.50 m to its goal")
    assert tuple(view.data["episodes"]) == tuple(text for _, text in follow.options[1:])
    np.testing.assert_array_equal(view.data["episode"], result.episode - 10)


def test_a_single_seed_is_no_choice(result):
    alone = pictured([info(4, 7), info(16, 7)])
    assert control(view_of(alone), "seed").options == (("7", "7"),)  # the page offers none with one option
    assert "no run of the chosen seed" not in view_of(alone).caption
    many = pictured([info(4, seed) for seed in range(7)])
    assert control(view_of(many), "seed").form == "select"
    uneven = dataclasses.replace(result, runs=(*result.runs[:3], info(16, 5)))
    assert "no run of the chosen seed" in view_of(uneven).caption


@pytest.mark.parametrize(
    ("method", "text", "words"),
    [
        ("AlignedUMAP", "UMAP, flat", "ties each state to itself"),
        ("UMAP", "UMAP, flat", "each agent by itself"),
        ("PCA", "PCA, flat", "first two principal components"),
    ],
)
def test_the_way_of_drawing_is_told(result, method, text, words):
    view = view_of(dataclasses.replace(result, method=method))
    assert dict(control(view, "space").options)["flat"] == text
    assert words in view.caption


def test_a_collapsed_network_is_told_apart_from_a_bad_picture(result):
    nan = np.array([np.nan, 0.9, np.nan, np.nan])
    linear = result.linear * np.isfinite(nan)[:, None, None]
    view = view_of(dataclasses.replace(result, trustworthiness=nan, explained=nan, linear=linear))
    assert view.data["runs"][0]["said"] == dict.fromkeys(("flat", "solid"), "this agent embeds all states alike")
    assert view.data["runs"][1]["said"]["flat"] == "trustworthiness of this projection: 90.0 %"
    assert dict(view.panels[1].scores)["Variance seen in 3-D"] == "90.0 %"
    assert "Variance seen in 3-D" not in dict(view.panels[2].scores)


def test_training_can_be_played_from_early_to_late(result, over_training):
    view = view_of(result, over_training)
    steps = control(view, "step")
    assert steps.form == "slider"
    assert [value for value, _ in steps.options] == ["1000", "2000", "3000"]
    assert [run["step"] for run in view.data["runs"][:3]] == [3_000, 1_000, 2_000]
    np.testing.assert_allclose(unpacked(view.data["spaces"]["flat"]), over_training.picture, atol=1e-3)
    assert [panel.title for panel in view.panels] == ["Where they are", "depth 4", "depth 16"]
    of_result = view_of(result).panels[1].scores
    # The picture is another one: how far it can be trusted is told with it.
    assert view.panels[1].scores == tuple(score for score in of_result if score[0] != "Trustworthiness")
    assert [actor["text"] for actor in view.data["actors"]][:2] == ["depth 4, seed 0", "depth 4, seed 1"]
    assert "Scores are those of the last checkpoint." in view.caption


def test_training_on_other_states_is_refused(result, over_training):
    other = pictured(over_training.runs, length=6)
    with pytest.raises(ValueError, match="over_training holds 24 states that are not the 20 of the result"):
        view_of(result, other)


def test_a_run_adds_ten_kilobytes_at_most():
    def size(value):
        if isinstance(value, np.ndarray):
            return 4 * value.nbytes / 3  # as text
        return sum(map(size, value.values())) if isinstance(value, dict) else len(str(value))

    one, two = (view_of(pictured([info(4, seed) for seed in range(n)], episodes=24, length=25)) for n in (1, 2))
    assert size(dict(two.data)) - size(dict(one.data)) < 10_000
    assert size(dict(one.data)) < 30_000
