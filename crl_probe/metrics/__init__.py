"""Every number of the project as a pure function of NumPy arrays; imports in well under a second.

Success has its definitions in ``crl_train.goal_metrics``, because the trainer logs the same numbers.
"""

from crl_probe.metrics.definitions import DEFINITIONS, MetricDefinition
from crl_probe.metrics.landscape import (
    ascent_success,
    euclidean_rank,
    geodesic_rank,
    spurious_maxima,
    topology_gain,
    wall_contrast,
)
from crl_probe.metrics.spread import goal_offset, goal_resolution, near_dimension, near_spread, spread_ratio
from crl_probe.metrics.statistics import Estimate, bootstrap_interval, estimate_over_seeds, interquartile_mean
from crl_probe.metrics.trajectory import embedding_path_length, energy_monotonicity, straightness, trustworthiness
from crl_train.goal_metrics import (
    final_distance,
    final_success_rate,
    first_arrival,
    steps_at_goal,
    success_rate,
    summarise_success,
    time_at_goal,
    time_at_goal_share,
    time_to_goal,
)

__all__ = [
    "DEFINITIONS",
    "Estimate",
    "MetricDefinition",
    "ascent_success",
    "bootstrap_interval",
    "embedding_path_length",
    "energy_monotonicity",
    "estimate_over_seeds",
    "euclidean_rank",
    "final_distance",
    "final_success_rate",
    "first_arrival",
    "geodesic_rank",
    "goal_offset",
    "goal_resolution",
    "interquartile_mean",
    "near_dimension",
    "near_spread",
    "spread_ratio",
    "spurious_maxima",
    "steps_at_goal",
    "straightness",
    "success_rate",
    "summarise_success",
    "time_at_goal",
    "time_at_goal_share",
    "time_to_goal",
    "topology_gain",
    "trustworthiness",
    "wall_contrast",
]
