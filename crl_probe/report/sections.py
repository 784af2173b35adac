"""The section of each probe: how to read it, what it shows, pictures, and a table of numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.embedding_trajectory import EmbeddingTrajectoryResult
from crl_probe.probes.geometry import GeometryResult
from crl_probe.probes.goal_clusters import GoalClustersResult
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.probes.q_landscape import QLandscapeResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.probes.retrieval import RetrievalResult
from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.probes.success import SuccessResult
from crl_probe.render.by_level import level_charts
from crl_probe.render.depth_lens import lens_charts
from crl_probe.render.learning_curves import learning_charts
from crl_probe.render.page.content import Section, number_table
from crl_probe.render.page.embedding_trajectory import trajectory_view
from crl_probe.render.page.q_landscape import landscape_view
from crl_probe.render.page.rollouts import rollout_view
from crl_probe.render.references import GOAL_CLUSTERS_REFERENCES, retrieval_references
from crl_probe.render.residual_stream import stream_charts
from crl_probe.render.similarity import similarity_charts
from crl_probe.report.findings import finding
from crl_probe.summary.estimates import DepthEstimate, estimate_by_depth

TITLES = {
    "success": "Performance by depth",
    "learning_curves": "Learning curves",
    "q_landscape": "Q-landscapes",
    "embedding_trajectory": "Embedding trajectories",
    "goal_clusters": "Spread around the goal",
    "geometry": "Geometry",
    "residual_stream": "Residual stream",
    "retrieval": "Contrastive quality",
    "depth_lens": "Depth lens",
    "rollouts": "Rollouts",
}


def of_probe(name: str, result: Any, course: Any = None, no_course: str = "") -> Section:
    """The section of one probe's result.

    Args:
        name: Name of the probe.
        result: What it returned for the runs compared.
        course: What it returned for several checkpoints of each run, for probes that show how training went.
        no_course: Why it returned nothing for these, where it was asked to.
    """
    samples = result.samples() if hasattr(result, "samples") else ()
    estimates = estimate_by_depth(samples)
    parts = _SECTIONS[name](result, estimates, *((course,) if name in _WITH_COURSE else ()))
    if no_course:
        parts["paragraphs"] = (*parts.get("paragraphs", ()), f"Training is not shown: {no_course}")
    return Section(key=name, title=TITLES[name], finding=finding(name, estimates), **parts)


def missing(key: str, reason: str) -> Section:
    """A section that could not be made, and why."""
    return Section(key, TITLES[key], "This part is missing.", problem=reason)


_CHARTED = ("success_rate", "time_at_goal", "time_to_goal", "final_distance")


def _success(result: SuccessResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    names = ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
    episodes = result.first_arrival.shape[1]
    return {
        "reading": f"Each agent acts without noise on the same {episodes} starts and goals for {result.episode_length} "
        "steps; a large marker is the aggregate with its 95 % interval, a small dot is one seed.",
        "groups": (level_charts(estimates, _CHARTED),),
        "tables": (number_table(estimates, tuple((name, "on-policy") for name in names)),),
    }


def _learning_curves(result: LearningCurvesResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    return {
        "reading": "What the trainer measured after each epoch: a curve that still rises at its "
        "end was stopped early, and its depth is judged too harshly.",
        "groups": (learning_charts(result),),
    }


def _q_landscape(
    result: QLandscapeResult, estimates: Sequence[DepthEstimate], course: QLandscapeResult | None
) -> dict[str, Any]:
    return {
        "reading": "Colour is the critic's energy for the agent at rest at each place and one goal: a critic that "
        "knows the maze looks like the first panel, one that does not shines through walls.",
        "views": (landscape_view(result, estimates, course),),
        "paragraphs": (
            f"Scores are means over those of {len(result.goals)} goals where they are defined, on a grid of "
            f"{int(result.free.sum()):,} free cells, then aggregated over seeds. Energies of two networks share no "
            "unit: colour is the rank within one landscape unless energy is chosen, which has a range of its own in "
            "every panel.",
        ),
        "legend": ("ranked farthest", "ranked nearest to the goal"),
    }


def _embedding_trajectory(
    result: EmbeddingTrajectoryResult, estimates: Sequence[DepthEstimate], course: EmbeddingTrajectoryResult | None
) -> dict[str, Any]:
    own = {run.content_hash for run in result.actors} <= {run.content_hash for run in result.runs}
    pooled = "all agents" if own else f"the {len(result.actors)} agents that the probe set was made from"
    return {
        "reading": "The same states embedded by every agent, joined along their episodes, the shared goals as stars: "
        "states that follow each other on the way to a goal should do so here.",
        "views": (trajectory_view(result, estimates, course),),
        "paragraphs": (
            f"The {len(result.time)} states are pooled evenly from {pooled}. Distances in a picture mean little: path "
            "length, straightness and monotonicity are measured in the full embedding space, on each agent's own "
            "episodes up to first arrival. Trustworthiness and variance are of the pictures, on the shared states.",
        ),
    }


def _goal_clusters(result: GoalClustersResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    names = ("spread_ratio", "goal_resolution", "near_dimension", "goal_offset")
    used = int((result.near_shared > 0).sum())
    return {
        "reading": "How much of the representation is spent on what is near a goal: goal resolution above 1 means more "
        "per metre there than overall.",
        "groups": (level_charts(estimates, names, GOAL_CLUSTERS_REFERENCES),),
        "tables": (
            number_table(estimates, tuple((name, "shared") for name in names), "shared probe set"),
            number_table(estimates, tuple((name, "on-policy") for name in names), "own episodes"),
        ),
        "paragraphs": (
            f"Near means within {result.radius:g} m on foot. {used} of {len(result.goals)} goals have near states in "
            f"the shared set ({', '.join(map(str, result.near_shared))}); goals with too few are left out. Shared "
            "numbers compare representations on the same states; own episodes also reflect where each agent goes.",
        ),
    }


def _geometry(result: GeometryResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    columns = (("effective_rank", "shared"), ("linear_decodability", "shared"), ("cka", "shared"))
    return {
        "reading": "How many directions the embeddings use, what can be read from them by a linear map, and how alike "
        "two agents' embeddings of the same states are (1 is the same up to rotation and scale).",
        "groups": (level_charts(estimates, ("effective_rank", "linear_decodability")), similarity_charts(result)),
        "tables": (number_table(estimates, columns),),
        "paragraphs": (
            f"All on the same {result.points:,} shared states. Decodability is of the place (from φ) and of the "
            "walking distance to a goal (from φ and ψ), by ridge regression on tasks that it was not fitted on.",
        ),
    }


def _residual_stream(result: ResidualStreamResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    return {
        "reading": "What each residual block adds to the stream that passes through it: blocks that add next to "
        "nothing, or whose units are asleep, are depth that this agent does not use.",
        "groups": (stream_charts(result),),
        "tables": (number_table(estimates, (("residual_contribution", "shared"), ("dormant_fraction", "shared"))),),
    }


def _retrieval(result: RetrievalResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    names = ("retrieval_accuracy", "infonce_bound")
    return {
        "reading": f"The critic's own task on fresh episodes: among {result.batch_size} goals, find the one that this "
        f"state-action led to (chance is 1 in {result.batch_size}).",
        "groups": (level_charts(estimates, names, retrieval_references(result)),),
        "tables": (
            number_table(estimates, tuple((name, "shared") for name in names), "shared probe set"),
            number_table(estimates, tuple((name, "on-policy") for name in names), "own episodes"),
        ),
    }


def _depth_lens(result: DepthLensResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    return {
        "reading": "Both encoders cut after each block, with the head as it is: where a curve reaches its final "
        "height, the rest of the network adds nothing to what is measured.",
        "groups": (lens_charts(result),),
        "tables": (number_table(estimates, (("readable_depth", "shared"), ("readable_depth", "grid"))),),
    }


def _rollouts(result: RolloutsResult, estimates: Sequence[DepthEstimate]) -> dict[str, Any]:
    return {
        "reading": f"The same {len(result.way)} starts and goals for every agent, spread evenly from near to far: play "
        "them and see where depths part ways.",
        "views": (rollout_view(result),),
    }


_WITH_COURSE = ("q_landscape", "embedding_trajectory")
_SECTIONS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "success": _success,
    "learning_curves": _learning_curves,
    "q_landscape": _q_landscape,
    "embedding_trajectory": _embedding_trajectory,
    "goal_clusters": _goal_clusters,
    "geometry": _geometry,
    "residual_stream": _residual_stream,
    "retrieval": _retrieval,
    "depth_lens": _depth_lens,
    "rollouts": _rollouts,
}
