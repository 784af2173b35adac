"""What every metric means in one sentence: the text that tables, reports and JSON files print beside a number."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class MetricDefinition:
    """One metric in words.

    Attributes:
        name: The name used everywhere: function, column, chart.
        title: The name for people.
        text: What is computed.
        unit: Unit or range.
        group: Probe that measures it.
    """

    name: str
    title: str
    text: str
    unit: str
    group: str


_TABLE = (
    MetricDefinition(
        "success_rate",
        "Success rate",
        "Share of episodes within tolerance of the goal at any step.",
        "0 to 1",
        "success",
    ),
    MetricDefinition(
        "final_success_rate",
        "Final success",
        "Share of episodes within tolerance at the last step.",
        "0 to 1",
        "success",
    ),
    MetricDefinition(
        "time_at_goal", "Time at goal", "Mean number of steps per episode within tolerance.", "steps", "success"
    ),
    MetricDefinition(
        "time_at_goal_share",
        "Time at goal (share)",
        "Time at goal divided by the length of an episode.",
        "0 to 1",
        "success",
    ),
    MetricDefinition(
        "time_to_goal",
        "Time to goal",
        "Median over successful episodes of the steps until the goal is first reached.",
        "steps",
        "success",
    ),
    MetricDefinition(
        "final_distance", "Final distance", "Mean distance to the goal after the last step.", "metres", "success"
    ),
    MetricDefinition(
        "geodesic_rank",
        "Follows the maze",
        "Spearman correlation of value and minus walking distance over free cells.",
        "-1 to 1",
        "landscape",
    ),
    MetricDefinition(
        "euclidean_rank",
        "Follows the straight line",
        "Spearman correlation of value and minus straight-line distance over free cells.",
        "-1 to 1",
        "landscape",
    ),
    MetricDefinition(
        "topology_gain",
        "Topology gain",
        "Partial Spearman correlation of value and minus walking distance, given straight-line distance: "
        "above 0 the critic knows something about the walls.",
        "-1 to 1",
        "landscape",
    ),
    MetricDefinition(
        "ascent_success",
        "Ascent success",
        "Share of free cells from which steepest ascent of the value ends within one cell of the goal.",
        "0 to 1",
        "landscape",
    ),
    MetricDefinition(
        "spurious_maxima",
        "Spurious maxima",
        "Local maxima of the value outside the goal's cell, per 100 free cells.",
        "per 100 cells",
        "landscape",
    ),
    MetricDefinition(
        "wall_contrast",
        "Wall contrast",
        "Change of value across walls divided by the change over matched stretches of open floor: 1 is blind to walls.",
        "ratio",
        "landscape",
    ),
    MetricDefinition(
        "near_spread",
        "Near spread",
        "Root mean square distance of near-goal embeddings to their centroid; compare within one network only.",
        "embedding units",
        "spread",
    ),
    MetricDefinition(
        "spread_ratio",
        "Spread ratio",
        "Spread of near-goal embeddings as a share of the spread of all embeddings.",
        "ratio",
        "spread",
    ),
    MetricDefinition(
        "goal_resolution",
        "Goal resolution",
        "Spread ratio divided by the same ratio in metres: above 1, more representation per metre near the goal.",
        "ratio",
        "spread",
    ),
    MetricDefinition(
        "near_dimension",
        "Near dimension",
        "Participation ratio of the near-goal covariance: the number of directions that are really used.",
        "dimensions",
        "spread",
    ),
    MetricDefinition(
        "goal_offset",
        "Goal offset",
        "Distance from the centre of near-goal embeddings to the goal's own embedding, in spreads of all embeddings.",
        "ratio",
        "spread",
    ),
    MetricDefinition(
        "embedding_path_length",
        "Path length",
        "Length of an episode's way through embedding space up to first arrival; compare within one network only.",
        "embedding units",
        "trajectory",
    ),
    MetricDefinition(
        "straightness",
        "Straightness",
        "Distance from first to last embedding divided by the length of the way between them, up to first arrival.",
        "0 to 1",
        "trajectory",
    ),
    MetricDefinition(
        "energy_monotonicity",
        "Energy monotonicity",
        "Kendall's tau-b between time and energy up to first arrival: 1 if the critic sees every step as progress.",
        "-1 to 1",
        "trajectory",
    ),
    MetricDefinition(
        "trustworthiness",
        "Trustworthiness",
        "Whether neighbours in the picture are neighbours in the 64-dimensional space, over 15 neighbours.",
        "0 to 1",
        "trajectory",
    ),
)

DEFINITIONS: dict[str, MetricDefinition] = {definition.name: definition for definition in _TABLE}
