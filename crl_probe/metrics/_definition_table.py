"""The definition of every metric in words: by group, then by name, in the order in which tables show them.

Formulas use d_t for the distance to the goal after step t of T, tau for the tolerance, V for the value at a cell, D for
the geodesic and E for the straight-line distance to the goal, near for the states close to the goal, RMS for the root
mean square distance to the centroid, and phi, psi and f as the glossary does.
"""

from collections.abc import Mapping
from typing import Final, Literal, NotRequired, TypedDict


class _Scale(TypedDict):
    """What an axis needs to know."""

    unit: str
    low: NotRequired[float]
    high: NotRequired[float]
    chance: NotRequired[float]


class Words(_Scale):
    """One row of the table; what is left out is the default of ``MetricDefinition``."""

    title: str
    text: str
    formula: str
    higher_is: Literal["better", "worse", ""]
    source: str
    summary: NotRequired[Literal["mean", "median"]]


_SHARE: Final[_Scale] = {"unit": "", "low": 0.0, "high": 1.0}
_RATIO: Final[_Scale] = {"unit": "", "low": 0.0}
_CORRELATION: Final[_Scale] = {"unit": "", "low": -1.0, "high": 1.0, "chance": 0.0}
_STEPS: Final[_Scale] = {"unit": "steps", "low": 0.0}

TABLE: Final[Mapping[str, Mapping[str, Words]]] = {
    "success": {
        "success_rate": {
            "title": "Success rate",
            "text": "Share of episodes within tolerance of the goal at any step.",
            "formula": "mean over episodes of [d_t < tau for some t]",
            **_SHARE,
            "higher_is": "better",
            "source": "Bortkiewicz et al. 2025, arXiv 2408.11052",
        },
        "final_success_rate": {
            "title": "Final success",
            "text": "Share of episodes within tolerance at the last step.",
            "formula": "mean over episodes of [d_T < tau]",
            **_SHARE,
            "higher_is": "better",
            "source": "Park et al. 2025, arXiv 2410.20092",
        },
        "time_at_goal": {
            "title": "Time at goal",
            "text": "Mean number of steps per episode within tolerance.",
            "formula": "mean over episodes of sum_t [d_t < tau]",
            **_STEPS,
            "higher_is": "better",
            "source": "Wang et al. 2025, arXiv 2503.14858",
        },
        "time_at_goal_share": {
            "title": "Time at goal (share)",
            "text": "Time at goal divided by the length of an episode.",
            "formula": "time_at_goal / T",
            **_SHARE,
            "higher_is": "better",
            "source": "Wang et al. 2025, arXiv 2503.14858",
        },
        "time_to_goal": {
            "title": "Time to goal",
            "text": "Median over successful episodes of the steps until the goal is first reached.",
            "formula": "median over successful episodes of min {t: d_t < tau}",
            **_STEPS,
            "summary": "median",
            "higher_is": "worse",
            "source": "ours",
        },
        "final_distance": {
            "title": "Final distance",
            "text": "Mean distance to the goal after the last step.",
            "formula": "mean over episodes of d_T",
            "unit": "metres",
            "low": 0.0,
            "higher_is": "worse",
            "source": "ours",
        },
    },
    "landscape": {
        "geodesic_rank": {
            "title": "Geodesic rank",
            "text": "Spearman correlation of value and minus geodesic distance over free cells.",
            "formula": "rho(V, -D)",
            **_CORRELATION,
            "higher_is": "better",
            "source": "ours",
        },
        "euclidean_rank": {
            "title": "Euclidean rank",
            "text": "Spearman correlation of value and minus straight-line distance over free cells.",
            "formula": "rho(V, -E)",
            **_CORRELATION,
            "higher_is": "",
            "source": "ours",
        },
        "geodesic_advantage": {
            "title": "Geodesic advantage",
            "text": "Geodesic rank minus Euclidean rank: above 0 the values follow the maze rather than the straight "
            "line.",
            "formula": "rho(V, -D) - rho(V, -E)",
            "unit": "",
            "low": -2.0,
            "high": 2.0,
            "chance": 0.0,
            "higher_is": "better",
            "source": "ours",
        },
        "geodesic_rank_visited": {
            "title": "Geodesic rank, visited floor",
            "text": "Geodesic rank over the free cells that a state of the shared set lies in or next to.",
            "formula": "rho(V, -D) where visited",
            **_CORRELATION,
            "higher_is": "better",
            "source": "ours",
        },
        "geodesic_rank_unvisited": {
            "title": "Geodesic rank, unvisited floor",
            "text": "Geodesic rank over the free cells that no state of the shared set lies in or next to.",
            "formula": "rho(V, -D) where not visited",
            **_CORRELATION,
            "higher_is": "better",
            "source": "ours",
        },
        "advantage_visited": {
            "title": "Geodesic advantage, visited floor",
            "text": "Geodesic advantage over the free cells that a state of the shared set lies in or next to.",
            "formula": "rho(V, -D) - rho(V, -E) where visited",
            "unit": "",
            "low": -2.0,
            "high": 2.0,
            "chance": 0.0,
            "higher_is": "better",
            "source": "ours",
        },
        "advantage_unvisited": {
            "title": "Geodesic advantage, unvisited floor",
            "text": "Geodesic advantage over the free cells that no state of the shared set lies in or next to.",
            "formula": "rho(V, -D) - rho(V, -E) where not visited",
            "unit": "",
            "low": -2.0,
            "high": 2.0,
            "chance": 0.0,
            "higher_is": "better",
            "source": "ours",
        },
        "wall_blind_rank": {
            "title": "Wall-blind rank",
            "text": "Largest Spearman correlation of value and minus a straight-line distance of which one axis may be "
            "stretched up to threefold: what a critic that sees no walls would explain.",
            "formula": "max over stretched straight lines S of rho(V, -S)",
            **_CORRELATION,
            "higher_is": "",
            "source": "ours",
        },
        "topology_gain": {
            "title": "Topology gain",
            "text": "Partial Spearman correlation of value and minus geodesic distance, given straight-line distance. "
            "It has no effect size: a trace of the geodesic distance scores high.",
            "formula": "(rho(V,-D) - rho(V,-E) rho(D,E)) / sqrt((1 - rho(V,-E)^2) (1 - rho(D,E)^2))",
            **_CORRELATION,
            "higher_is": "better",
            "source": "ours",
        },
        "ascent_success": {
            "title": "Ascent success",
            "text": "Share of free cells from which steepest ascent of the value ends within one cell of the goal.",
            "formula": "mean over free cells of [ascent ends within one cell of the goal]",
            **_SHARE,
            "higher_is": "better",
            "source": "ours",
        },
        "spurious_maxima": {
            "title": "Spurious maxima",
            "text": "Local maxima of the value outside the goal's cell, per 100 free cells.",
            "formula": "100 (local maxima outside the goal's cell) / (free cells)",
            "unit": "per 100 cells",
            "low": 0.0,
            "higher_is": "worse",
            "source": "ours",
        },
        "wall_contrast": {
            "title": "Wall contrast",
            "text": "How much more the value changes across walls than over open floor of the same width, beyond what "
            "straight-line distance explains, in mean changes over open floor: 1 is blind to walls.",
            "formula": "1 + (mean_walls(|dV| - |dm|) - mean_open(|dV| - |dm|)) / mean_open |dV|, m(E) fitted to V",
            "unit": "",
            "higher_is": "",
            "source": "ours",
        },
    },
    "distance": {
        "triangle_violation": {
            "title": "Triangle violation",
            "text": "How much longer the learned distance of two places is than by way of a third, relative to the "
            "mean distance.",
            "formula": "mean over x, y, z of max(0, d(x,z) - d(x,y) - d(y,z)) / mean d",
            **_RATIO,
            "higher_is": "worse",
            "source": "ours",
        },
        "asymmetry": {
            "title": "Asymmetry",
            "text": "How much the learned distance there differs from the one back, relative to the mean distance.",
            "formula": "mean over x, y of |d(x,y) - d(y,x)| / 2 / mean d",
            **_RATIO,
            "higher_is": "",
            "source": "ours",
        },
    },
    "spread": {
        "near_spread": {
            "title": "Near spread",
            "text": "Root mean square distance of near-goal embeddings to their centroid; compare within one network "
            "only.",
            "formula": "RMS(near phi)",
            "unit": "embedding units",
            "low": 0.0,
            "higher_is": "",
            "source": "ours",
        },
        "spread_ratio": {
            "title": "Spread ratio",
            "text": "Spread of near-goal embeddings as a share of the spread of all embeddings.",
            "formula": "RMS(near phi) / RMS(phi)",
            **_RATIO,
            "higher_is": "",
            "source": "ours",
        },
        "goal_resolution": {
            "title": "Goal resolution",
            "text": "Spread ratio divided by the same ratio in metres: above 1, more representation per metre near the "
            "goal.",
            "formula": "(RMS(near phi) / RMS(phi)) / (RMS(near z) / RMS(z)), z the achieved goal",
            **_RATIO,
            "higher_is": "",
            "source": "ours",
        },
        "near_dimension": {
            "title": "Near dimension",
            "text": "Participation ratio of the near-goal covariance, corrected for the number of states: how many "
            "directions are used.",
            "formula": "(sum_i lambda_i)^2 / sum_i lambda_i^2, lambda the variances of near phi",
            "unit": "dimensions",
            "low": 1.0,
            "higher_is": "",
            "source": "Gao et al. 2017, bioRxiv 214262; correction ours",
        },
        "goal_offset": {
            "title": "Goal offset",
            "text": "Distance from the centre of near-goal embeddings to the goal's own embedding, in spreads of all "
            "embeddings.",
            "formula": "|mean(near phi) - psi(g)| / RMS(phi)",
            **_RATIO,
            "higher_is": "worse",
            "source": "ours",
        },
    },
    "trajectory": {
        "embedding_path_length": {
            "title": "Path length",
            "text": "Length of an episode's path through embedding space up to first arrival; compare within one "
            "network only.",
            "formula": "sum_t |phi_(t+1) - phi_t|",
            "unit": "embedding units",
            "low": 0.0,
            "higher_is": "",
            "source": "ours",
        },
        "straightness": {
            "title": "Straightness",
            "text": "Distance from first to last embedding divided by the length of the path between them, up to first "
            "arrival.",
            "formula": "|phi_T - phi_0| / embedding_path_length",
            **_SHARE,
            "higher_is": "",
            "source": "ours",
        },
        "energy_monotonicity": {
            "title": "Energy monotonicity",
            "text": "Kendall's tau-b between time and energy up to first arrival: 1 if the energy rises with every "
            "step.",
            "formula": "Kendall tau-b(t, f_t)",
            **_CORRELATION,
            "higher_is": "better",
            "source": "ours",
        },
        "trustworthiness": {
            "title": "Trustworthiness",
            "text": "Whether neighbours in the projection are neighbours in embedding space, over 15 neighbours.",
            "formula": "1 - 2 / (n k (2n - 3k - 1)) sum over false neighbours of (rank in embedding space - k), k = 15",
            **_SHARE,
            "higher_is": "better",
            "source": "Venna and Kaski 2001, ICANN",
        },
    },
    "geometry": {
        "effective_rank": {
            "title": "Effective rank",
            "text": "Number of directions in which embeddings spread; directions of little spread count for little.",
            "formula": "exp(-sum_i p_i log p_i), p the normalised singular values of centred embeddings",
            "unit": "dimensions",
            "low": 1.0,
            "higher_is": "",
            "source": "Garrido et al. 2023, arXiv 2210.02885",
        },
        "srank": {
            "title": "srank",
            "text": "Smallest number of singular values that sum to 99 % of their sum; embeddings are not centred.",
            "formula": "min {k: sum_{i <= k} sigma_i >= 0.99 sum_i sigma_i}",
            "unit": "dimensions",
            "low": 1.0,
            "higher_is": "",
            "source": "Kumar et al. 2020, arXiv 2010.14498",
        },
        "intrinsic_dimension": {
            "title": "Intrinsic dimension",
            "text": "Dimensions of the surface that embeddings lie on, by the distances of two nearest neighbours.",
            "formula": "slope of -log(1 - F(r)) against log r, r the ratio of distances to neighbours 2 and 1",
            "unit": "dimensions",
            "low": 0.0,
            "higher_is": "",
            "source": "TwoNN, Facco et al. 2017, doi 10.1038/s41598-017-11873-y",
        },
        "cka": {
            "title": "CKA",
            "text": "Similarity of two representations of the same points, without bias: 1 is the same up to rotation "
            "and scale, around 0 is unrelated.",
            "formula": "HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)), K and L the linear kernels",
            **_CORRELATION,
            "higher_is": "",
            "source": "Kornblith et al. 2019, arXiv 1905.00414; Nguyen et al. 2021, arXiv 2010.15327",
        },
        "mutual_knn": {
            "title": "Shared neighbours",
            "text": "Share of a state's 10 nearest neighbours in one representation that are so in another too.",
            "formula": "mean over points of |N_10(x) in one and in the other| / 10",
            **_SHARE,
            "higher_is": "",
            "source": "Huh et al. 2024, arXiv 2405.07987; Euclidean neighbours are ours",
        },
        "dormant_fraction": {
            "title": "Dormant units",
            "text": "Share of units whose mean absolute activation is at most 0.025 of the mean over their layer.",
            "formula": "mean over units of [mean |h_i| <= 0.025 mean_j mean |h_j|]",
            **_SHARE,
            "higher_is": "worse",
            "source": "Sokar et al. 2023, arXiv 2302.12902",
        },
        "residual_contribution": {
            "title": "Residual contribution",
            "text": "Size of what a residual block adds, relative to what enters it.",
            "formula": "mean over points of |F_b(x)| / |x|, x what enters block b",
            **_RATIO,
            "higher_is": "",
            "source": "ours",
        },
        "linear_decodability": {
            "title": "Linear decodability",
            "text": "R^2 of ridge regression from embeddings on points left out, mean over 5 folds: how much a linear "
            "map can read.",
            "formula": "1 - sum |y - ridge(x)|^2 / sum |y - mean y|^2",
            "unit": "",
            "high": 1.0,
            "chance": 0.0,
            "higher_is": "better",
            "source": "ours",
        },
    },
    "contrastive": {
        "retrieval_accuracy": {
            "title": "Retrieval accuracy",
            "text": "Share of state-actions whose own future goal has the highest energy in a batch; chance is 1 over "
            "the batch size.",
            "formula": "mean_i [f_ii = max_j f_ij] / (number of j tied at the max)",
            **_SHARE,
            "higher_is": "better",
            "source": "van den Oord et al. 2018, arXiv 1807.03748",
        },
        "infonce_bound": {
            "title": "InfoNCE bound",
            "text": "Lower bound on the information of a state-action about its future goal; at most the logarithm of "
            "the batch size.",
            "formula": "log N + mean_i (f_ii - logsumexp_j f_ij)",
            "unit": "nats",
            "chance": 0.0,
            "higher_is": "better",
            "source": "van den Oord et al. 2018, arXiv 1807.03748; Poole et al. 2019, arXiv 1905.06922",
        },
        "alignment": {
            "title": "Alignment",
            "text": "Mean squared distance of positive pairs on the unit sphere: 0 is the same direction.",
            "formula": "mean_i |phi_i / |phi_i| - psi_i / |psi_i||^2",
            "unit": "",
            "low": 0.0,
            "high": 4.0,
            "higher_is": "",
            "source": "Wang and Isola 2020, arXiv 2005.10242",
        },
        "uniformity": {
            "title": "Uniformity",
            "text": "How evenly embeddings cover the unit sphere: the lower the more evenly, 0 is one place.",
            "formula": "log mean over pairs of exp(-2 |x_i - x_j|^2), x of length 1",
            "unit": "",
            "low": -8.0,
            "high": 0.0,
            "higher_is": "",
            "source": "Wang and Isola 2020, arXiv 2005.10242",
        },
        "readable_depth": {
            "title": "Readable depth",
            "text": "Share of blocks from which on the head keeps 90 % of what the whole network scores above chance.",
            "formula": "min {b / B: score_c - chance >= 0.9 (score_B - chance) for all c >= b}",
            **_SHARE,
            "higher_is": "",
            "source": "ours",
        },
    },
}
