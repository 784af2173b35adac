"""What each probe's section shows beside its charts by level: views to explore, and charts of its own.

Every function here takes a result, its numbers by level, and the same probe's result over training if there is one.
"""

from collections.abc import Sequence
from typing import TypeAlias

from crl_probe.probes.bodies import BodiesResult
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.embedding_trajectory import EmbeddingTrajectoryResult
from crl_probe.probes.geometry import GeometryResult
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.probes.q_landscape import QLandscapeResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.probes.success import SuccessResult
from crl_probe.render.charts import ChartGroup
from crl_probe.render.depth_lens import lens_charts
from crl_probe.render.learning_curves import learning_charts
from crl_probe.render.page.bodies import bodies_view
from crl_probe.render.page.embedding_trajectory import trajectory_view
from crl_probe.render.page.q_landscape import landscape_view
from crl_probe.render.page.rollouts import rollout_view
from crl_probe.render.page.views import View
from crl_probe.render.performance_profile import profile_charts
from crl_probe.render.residual_stream import stream_charts
from crl_probe.render.similarity import similarity_charts
from crl_probe.summary.estimates import LevelEstimate

Panels: TypeAlias = View | ChartGroup
Estimates: TypeAlias = Sequence[LevelEstimate]


def performance(result: SuccessResult, estimates: Estimates, over_training: None = None) -> Panels:
    """Which share of seeds is above each success rate."""
    return profile_charts(estimates)


def bodies(result: BodiesResult, estimates: Estimates, over_training: None = None) -> Panels:
    """All parts of every agent in motion."""
    return bodies_view(result)


def learning_curves(result: LearningCurvesResult, estimates: Estimates, over_training: None = None) -> Panels:
    """Logged metrics over environment steps."""
    return learning_charts(result)


def landscapes(result: QLandscapeResult, estimates: Estimates, over_training: QLandscapeResult | None = None) -> Panels:
    """Landscapes of every agent, goal and checkpoint beside the geodesic distances."""
    return landscape_view(result, estimates, over_training)


def trajectories(
    result: EmbeddingTrajectoryResult, estimates: Estimates, over_training: EmbeddingTrajectoryResult | None = None
) -> Panels:
    """Projections of the shared states in every agent's embedding space."""
    return trajectory_view(result, estimates, over_training)


def cka(result: GeometryResult, estimates: Estimates, over_training: None = None) -> Panels:
    """Similarity of every two agents."""
    return similarity_charts(result)


def residual_stream(result: ResidualStreamResult, estimates: Estimates, over_training: None = None) -> Panels:
    """Contribution and dormant units of every block."""
    return stream_charts(result)


def depth_lens(result: DepthLensResult, estimates: Estimates, over_training: None = None) -> Panels:
    """What the head reads after each share of the blocks."""
    return lens_charts(result)


def rollouts(result: RolloutsResult, estimates: Estimates, over_training: None = None) -> Panels:
    """Paths of every agent for the same starts and goals."""
    return rollout_view(result)
