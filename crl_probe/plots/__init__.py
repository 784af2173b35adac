"""Paper figures with matplotlib: one function for each probe, from its result to axes.

``plot_*(result, ax=None)`` draws on the axes given, or makes a figure of one column. ``figure_of`` makes the standard
figure of a result, and ``save_figure`` writes it as PDF, SVG or PNG. Nothing here uses pyplot or changes ``rcParams``.
A figure of your own wants ``layout="constrained"``, which makes room for labels and legends.

Example:
    >>> from crl_probe.plots import plot_success
    >>> ax = plot_success(result, metric="time_at_goal")          # doctest: +SKIP
"""

from crl_probe.render.paper.by_depth import plot_by_depth
from crl_probe.render.paper.depth_lens import plot_depth_lens
from crl_probe.render.paper.embedding_trajectory import plot_trajectory
from crl_probe.render.paper.figures import figure_of
from crl_probe.render.paper.geometry import plot_cka, plot_geometry
from crl_probe.render.paper.goal_clusters import plot_goal_clusters
from crl_probe.render.paper.learning_curves import plot_learning_curves
from crl_probe.render.paper.q_landscape import plot_landscape
from crl_probe.render.paper.residual_stream import plot_block_cka, plot_residual_stream
from crl_probe.render.paper.retrieval import plot_retrieval
from crl_probe.render.paper.rollouts import plot_rollouts
from crl_probe.render.paper.saving import save_figure
from crl_probe.render.paper.success import plot_performance_profile, plot_success

__all__ = [
    "figure_of",
    "plot_block_cka",
    "plot_by_depth",
    "plot_cka",
    "plot_depth_lens",
    "plot_geometry",
    "plot_goal_clusters",
    "plot_landscape",
    "plot_learning_curves",
    "plot_performance_profile",
    "plot_residual_stream",
    "plot_retrieval",
    "plot_rollouts",
    "plot_success",
    "plot_trajectory",
    "save_figure",
]
