"""Learned distances between places, of agents that know the maze and of one that knows the straight line."""

import numpy as np
import pytest

from crl_probe.probes import learned_distance
from crl_probe.probes.learned_distance import LearnedDistanceSettings


def test_fakes_have_distances(evidence):
    result = learned_distance.run(evidence, LearnedDistanceSettings(places=12), np.random.default_rng(0))
    assert result.distances.shape == (2, 12, 12)
    np.testing.assert_array_equal(np.diagonal(result.distances, axis1=1, axis2=2), 0.0)
    agent = evidence.runs[1]
    start, end = result.places[3].astype(np.float32), result.places[7].astype(np.float32)
    states = np.asarray(evidence.env.planar_state(np.stack([start, end])))
    there, here = (float(agent.energy(state, agent.act(state, end), end)) for state in (states[1], states[0]))
    assert result.distances[1, 3, 7] == pytest.approx(there - here, rel=1e-4, abs=1e-4)
    values = {(entry.run.critic_depth, entry.metric): entry.value for entry in result.samples()}
    assert set(values) == {(depth, name) for depth in (4, 64) for name in ("triangle_violation", "asymmetry")}
    # Fakes embed by distances, which obey the inequality but for the small part of the action.
    assert all(value < 0.05 for value in values.values())


def test_a_triangle_has_three_places():
    with pytest.raises(ValueError, match=r"^places=2 is not usable: a triangle has 3\. Use 40\.$"):
        LearnedDistanceSettings(places=2)
