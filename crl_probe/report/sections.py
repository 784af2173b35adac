"""The section of each probe: a sentence on how to read it, figures, and a table of numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crl_probe.figures.by_block import lens_panels, stream_panels
from crl_probe.figures.by_depth import depth_panels
from crl_probe.figures.embedding_trajectory import trajectory_panels
from crl_probe.figures.geometry import cka_panels
from crl_probe.figures.learning_curves import learning_curve_panels
from crl_probe.figures.q_landscape import landscape_panels
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.embedding_trajectory import MEASURES, EmbeddingTrajectoryResult
from crl_probe.probes.geometry import GeometryResult
from crl_probe.probes.goal_clusters import GoalClustersResult
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.probes.q_landscape import SCORES, QLandscapeResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.probes.retrieval import RetrievalResult
from crl_probe.probes.success import SuccessResult
from crl_probe.report.content import Section, number_table
from crl_probe.samples import DepthEstimate, estimate_by_depth

_TITLES = {
    "success": "Success by depth",
    "learning_curves": "Learning curves",
    "q_landscape": "Q-landscapes",
    "embedding_trajectory": "Embedding trajectories",
    "goal_clusters": "Spread around the goal",
    "geometry": "Geometry",
    "residual_stream": "Residual stream",
    "retrieval": "Contrastive quality",
    "depth_lens": "Depth lens",
}


def of_probe(name: str, result: Any) -> Section:
    """The section of one probe's result."""
    samples = result.samples() if hasattr(result, "samples") else ()
    return _SECTIONS[name](result, estimate_by_depth(samples))


def missing(key: str, reason: str) -> Section:
    """A section that could not be made, and why."""
    return Section(key, _TITLES[key], "This part is missing.", problem=reason)


def success(result: SuccessResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Success and time at goal by depth, every seed a dot."""
    names = ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
    episodes = result.first_arrival.shape[1]
    return Section(
        "success",
        _TITLES["success"],
        f"Each agent acts without noise on the same {episodes} starts and goals for {result.episode_length} steps; a "
        "large marker is the aggregate with its 95 % interval, a small dot is one seed.",
        (depth_panels(estimates, ("success_rate", "time_at_goal", "final_distance")),),
        (number_table(estimates, tuple((name, "on-policy") for name in names)),),
    )


def learning_curves(result: LearningCurvesResult, estimates: Sequence[DepthEstimate]) -> Section:
    """What training logged."""
    return Section(
        "learning_curves",
        _TITLES["learning_curves"],
        "What the trainer measured after each epoch: a curve that still rises at its end was stopped early, and its "
        "depth is judged too harshly below.",
        (learning_curve_panels(result),),
    )


def q_landscape(result: QLandscapeResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Landscapes of the same goals at every depth."""
    return Section(
        "q_landscape",
        _TITLES["q_landscape"],
        "Colour is the critic's energy for the agent at rest at each place and one goal (star): a critic that knows "
        "the maze looks like the first panel, one that does not shines through walls.",
        (landscape_panels(result),),
        (number_table(estimates, tuple((name, "grid") for name in SCORES)),),
        paragraphs=(
            f"Scores are means over {len(result.goals)} goals on a grid of {int(result.free.sum())} free cells. "
            "Energies of two networks share no unit, so colour is the rank within one landscape unless energy is "
            "chosen.",
        ),
        legend=("farthest", "nearest to the goal"),
    )


def embedding_trajectory(result: EmbeddingTrajectoryResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Shared episodes in every embedding space."""
    names = (*((name, "on-policy") for name in MEASURES), ("trustworthiness", "shared"))
    return Section(
        "embedding_trajectory",
        _TITLES["embedding_trajectory"],
        "The same states embedded by every agent, coloured by the way to their own episode's goal, the shared goals as "
        "stars: click a point to follow its episode in every panel, "
        "double-click to see all again.",
        (trajectory_panels(result),),
        (number_table(estimates, names),),
        paragraphs=(
            f"Pictures: {result.method} of {len(result.time)} states pooled evenly from all agents. Distances in a "
            "picture mean little; every number is measured in the full embedding space, on each agent's own episodes "
            "up to first arrival.",
        ),
        legend=("far from the goal", "near"),
    )


def goal_clusters(result: GoalClustersResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Spread of embeddings near goals."""
    names = ("spread_ratio", "goal_resolution", "near_dimension", "goal_offset")
    used = int((result.near_shared > 0).sum())
    return Section(
        "goal_clusters",
        _TITLES["goal_clusters"],
        "How much of the representation is spent on what is near a goal: goal resolution above 1 means more per metre "
        "there than elsewhere.",
        (depth_panels(estimates, names),),
        (
            number_table(estimates, tuple((name, "shared") for name in names), "shared probe set"),
            number_table(estimates, tuple((name, "on-policy") for name in names), "own episodes"),
        ),
        paragraphs=(
            f"Near means within {result.radius:g} m on foot. {used} of {len(result.goals)} goals have near states in "
            f"the shared set ({', '.join(map(str, result.near_shared))}); goals with too few are left out. Shared "
            "numbers compare representations on the same states; own episodes also reflect where each agent goes.",
        ),
    )


def geometry(result: GeometryResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Rank, decodability, and how alike the representations of two runs are."""
    return Section(
        "geometry",
        _TITLES["geometry"],
        "How many directions the embeddings use, what can be read from them by a linear map, and how alike two "
        "agents' embeddings of the same states are (1 is the same up to rotation and scale).",
        (depth_panels(estimates, ("effective_rank", "linear_decodability")), cka_panels(result)),
        (
            number_table(
                estimates, (("effective_rank", "shared"), ("linear_decodability", "shared"), ("cka", "shared"))
            ),
        ),
        paragraphs=(
            f"All on the same {result.points:,} shared states. Decodability is of the place (from φ) and of the "
            "walking distance to a goal (from φ and ψ), by ridge regression on episodes that it was not fitted on.",
        ),
    )


def residual_stream(result: ResidualStreamResult, estimates: Sequence[DepthEstimate]) -> Section:
    """What each block adds, and how many of its units are asleep."""
    return Section(
        "residual_stream",
        _TITLES["residual_stream"],
        "What each residual block adds to the stream that passes through it: blocks that add next to nothing, or whose "
        "units are asleep, are depth that this agent does not use.",
        (stream_panels(result),),
        (number_table(estimates, (("residual_contribution", "shared"), ("dormant_fraction", "shared"))),),
    )


def retrieval(result: RetrievalResult, estimates: Sequence[DepthEstimate]) -> Section:
    """How well the critic solves the task it was trained on, on pairs it never saw."""
    names = ("retrieval_accuracy", "infonce_bound")
    return Section(
        "retrieval",
        _TITLES["retrieval"],
        f"The critic's own task on fresh episodes: among {result.batch_size} goals, find the one that this "
        f"state-action led to (chance is 1 in {result.batch_size}).",
        (depth_panels(estimates, names),),
        (
            number_table(estimates, tuple((name, "shared") for name in names), "shared probe set"),
            number_table(estimates, tuple((name, "on-policy") for name in names), "own episodes"),
        ),
    )


def depth_lens(result: DepthLensResult, estimates: Sequence[DepthEstimate]) -> Section:
    """What each prefix of blocks knows already."""
    return Section(
        "depth_lens",
        _TITLES["depth_lens"],
        "Both encoders cut after each block, with the head as it is: where a curve reaches its final height, the rest "
        "of the network adds nothing to what is measured.",
        (lens_panels(result),),
        (number_table(estimates, (("readable_depth", "shared"),)),),
    )


_SECTIONS: Mapping[str, Callable[..., Section]] = {
    "success": success,
    "learning_curves": learning_curves,
    "q_landscape": q_landscape,
    "embedding_trajectory": embedding_trajectory,
    "goal_clusters": goal_clusters,
    "geometry": geometry,
    "residual_stream": residual_stream,
    "retrieval": retrieval,
    "depth_lens": depth_lens,
}
