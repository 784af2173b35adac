"""Every number of the project as a pure function of NumPy arrays; imports in well under a second.

Which function answers which question:

- Does the agent get there, and stay? ``success_rate``, ``time_at_goal``, ``time_to_goal``, ``final_distance``; all at
  once by ``summarise_success``.
- Does the critic's landscape follow the maze or the straight line? ``geodesic_rank`` against ``euclidean_rank``, with
  ``topology_gain`` for the difference, ``wall_contrast`` at the walls, and ``ascent_success`` and ``spurious_maxima``
  for what greedy climbing would make of it.
- How much room does the representation give to what is near a goal? ``spread_ratio``, ``goal_resolution``,
  ``near_dimension``, ``goal_offset``.
- Which way does an episode take through embedding space? ``embedding_path_length``, ``straightness``,
  ``energy_monotonicity``; and ``trustworthiness`` for whether a picture of it can be believed.
- How many directions, how alike are two networks, what can be read off? ``effective_rank``, ``cka``,
  ``linear_decodability``; and inside a network ``dormant_fraction`` and ``residual_contribution``.
- Does the critic know which goal a state-action leads to, and after how many blocks? ``retrieval_accuracy``,
  ``infonce_bound``, ``readable_depth``.
- Is a difference real? ``estimate_over_seeds`` for one number with its interval, ``compare_depths`` and ``verdict`` for
  what depth did to it.

Arrays may be NumPy's, JAX's, pandas' or plain lists; what is none is refused in a sentence. Masks are boolean.

``DEFINITIONS`` has each metric in words. A metric that is undefined for its input raises ``MetricError``. Success has
its definitions in ``crl_train.goal_metrics``, because the trainer logs the same numbers, and raises that package's
``ConfigError``. Both are a ``ValueError``.
"""

from crl_probe.metrics._checks import MetricError
from crl_probe.metrics.comparison import (
    DepthComparison,
    Gain,
    compare_depths,
    critical_depth,
    probability_of_improvement,
    verdict,
)
from crl_probe.metrics.contrastive import infonce_bound, readable_depth, retrieval_accuracy
from crl_probe.metrics.definitions import DEFINITIONS, MetricDefinition
from crl_probe.metrics.geometry import (
    cka,
    decodability_by_fold,
    dormant_fraction,
    effective_rank,
    linear_decodability,
    residual_contribution,
)
from crl_probe.metrics.landscape import ascent_success, euclidean_rank, geodesic_rank, spurious_maxima, topology_gain
from crl_probe.metrics.spread import goal_offset, goal_resolution, near_dimension, near_spread, spread_ratio
from crl_probe.metrics.statistics import Estimate, bootstrap_interval, estimate_over_seeds, interquartile_mean
from crl_probe.metrics.trajectory import embedding_path_length, energy_monotonicity, straightness, trustworthiness
from crl_probe.metrics.walls import wall_contrast
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
    "DepthComparison",
    "Estimate",
    "Gain",
    "MetricDefinition",
    "MetricError",
    "ascent_success",
    "bootstrap_interval",
    "cka",
    "compare_depths",
    "critical_depth",
    "decodability_by_fold",
    "dormant_fraction",
    "effective_rank",
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
    "infonce_bound",
    "interquartile_mean",
    "linear_decodability",
    "near_dimension",
    "near_spread",
    "probability_of_improvement",
    "readable_depth",
    "residual_contribution",
    "retrieval_accuracy",
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
    "verdict",
    "wall_contrast",
]
