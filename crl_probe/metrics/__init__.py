"""Every number of the project as a pure function of NumPy arrays. The import takes well under a second.

Which function answers which question:

- Does the agent reach the goal, and stay there? ``success_rate``, ``time_at_goal``, ``time_to_goal``,
  ``final_distance``; ``summarise_success`` gives all of them.
- Does the critic's landscape follow the maze or the straight line? ``geodesic_rank`` and ``euclidean_rank``,
  ``geodesic_advantage`` for the difference between them, ``wall_blind_rank`` for what no walls explain,
  ``geodesic_rank_visited``, ``advantage_visited`` and the same of ``unvisited`` for a part of the floor,
  ``topology_gain`` for what is left beyond the straight line, ``wall_contrast`` for the change across walls, and
  ``ascent_success`` and ``spurious_maxima`` for greedy ascent.
- Does the learned distance behave like one? ``triangle_violation``, ``asymmetry``.
- How much of the embedding space is used for states near a goal? ``spread_ratio``, ``goal_resolution``,
  ``near_dimension``, ``goal_offset``.
- Which path does an episode take through embedding space? ``embedding_path_length``, ``straightness``,
  ``energy_monotonicity``; ``trustworthiness`` says how far to trust a projection of it.
- How many directions are used, how similar are two networks, what can be decoded? ``effective_rank``, ``srank``,
  ``intrinsic_dimension``, ``cka``, ``mutual_knn``, ``linear_decodability``; inside a network ``dormant_fraction`` and
  ``residual_contribution``.
- Does the critic know which goal a state-action leads to, and after how many blocks? ``retrieval_accuracy``,
  ``infonce_bound``, ``readable_depth``. How do its embeddings lie on the sphere? ``alignment``, ``uniformity``.
- Is a difference real? ``estimate_over_seeds`` for one number with its interval, ``mean_difference`` and ``mean_ratio``
  for two levels, ``compare_depths`` and ``verdict`` for the effect of depth, ``performance_profile`` and
  ``optimality_gap`` for runs as a whole, ``holm`` for several claims together.

Arrays may be NumPy's, JAX's, pandas' or plain lists; anything else is refused in one sentence. Masks are boolean.

``DEFINITIONS`` describes each metric in words. A metric that is undefined for its input raises ``MetricError``. The
success metrics are defined in ``crl_train.goal_metrics``, because the trainer logs the same numbers; they raise that
package's ``ConfigError``. Both errors are a ``ValueError``.
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
    srank,
)
from crl_probe.metrics.hypersphere import alignment, uniformity
from crl_probe.metrics.landscape import (
    ascent_success,
    euclidean_rank,
    geodesic_advantage,
    geodesic_rank,
    spurious_maxima,
    topology_gain,
    wall_blind_rank,
)
from crl_probe.metrics.neighbours import intrinsic_dimension, mutual_knn
from crl_probe.metrics.quasimetric import asymmetry, triangle_violation
from crl_probe.metrics.significance import Effect, holm, mean_difference, mean_effect, mean_ratio
from crl_probe.metrics.spread import goal_offset, goal_resolution, near_dimension, near_spread, spread_ratio
from crl_probe.metrics.statistics import (
    Estimate,
    bootstrap_interval,
    estimate_over_seeds,
    interquartile_mean,
    optimality_gap,
    performance_profile,
)
from crl_probe.metrics.trajectory import embedding_path_length, energy_monotonicity, straightness, trustworthiness
from crl_probe.metrics.visited_floor import (
    advantage_unvisited,
    advantage_visited,
    geodesic_rank_unvisited,
    geodesic_rank_visited,
)
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
    "Effect",
    "Estimate",
    "Gain",
    "MetricDefinition",
    "MetricError",
    "advantage_unvisited",
    "advantage_visited",
    "alignment",
    "ascent_success",
    "asymmetry",
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
    "geodesic_advantage",
    "geodesic_rank",
    "geodesic_rank_unvisited",
    "geodesic_rank_visited",
    "goal_offset",
    "goal_resolution",
    "holm",
    "infonce_bound",
    "interquartile_mean",
    "intrinsic_dimension",
    "linear_decodability",
    "mean_difference",
    "mean_effect",
    "mean_ratio",
    "mutual_knn",
    "near_dimension",
    "near_spread",
    "optimality_gap",
    "performance_profile",
    "probability_of_improvement",
    "readable_depth",
    "residual_contribution",
    "retrieval_accuracy",
    "spread_ratio",
    "spurious_maxima",
    "srank",
    "steps_at_goal",
    "straightness",
    "success_rate",
    "summarise_success",
    "time_at_goal",
    "time_at_goal_share",
    "time_to_goal",
    "topology_gain",
    "triangle_violation",
    "trustworthiness",
    "uniformity",
    "verdict",
    "wall_blind_rank",
    "wall_contrast",
]
