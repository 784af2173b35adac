"""Small results made by hand: two depths, two seeds."""

import numpy as np

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
from crl_probe.runs.run_info import RunInfo


def agent(depth, seed, actor=None, steps=10_000):
    label = f"depth {depth}" if actor is None else f"actor {actor} · critic {depth}"
    return RunInfo(f"point_u_maze_d{depth}_s{seed}", label, "point_u_maze", actor or depth, depth, seed, steps, "")


RUNS = (agent(4, 0), agent(4, 1), agent(16, 0), agent(16, 1))
FREE = np.array([[True, True, True], [True, False, True]])


def success():
    return SuccessResult(
        runs=RUNS,
        episode_length=100,
        steps_at_goal=np.array([[0, 10], [0, 30], [50, 50], [60, 80]]),
        first_arrival=np.array([[0, 5], [0, 7], [3, 4], [2, 9]]),
        is_at_goal_finally=np.array([[False, True], [False, True], [True, True], [True, True]]),
        final_distance=np.array([[3.0, 0.1], [2.0, 0.2], [0.1, 0.3], [0.2, 0.1]]),
    )


def learning_curves():
    steps = np.array([0.0, 1000.0, 2000.0])
    rates = tuple(np.array([0.0, 0.2 * i, np.nan if i == 0 else 0.3 * i]) for i in range(4))
    return LearningCurvesResult(RUNS, (steps,) * 4, {"eval/success_rate": rates, "critic/loss_of_bias": rates})


def landscape():
    geodesic = np.where(FREE, np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0]]), np.nan)
    values = np.stack([[-(i + 1) * geodesic] for i in range(4)])
    scores = {"geodesic_rank": np.array([[0.25], [0.5], [0.75], [np.nan]])}
    return QLandscapeResult(
        runs=RUNS,
        xs=np.array([0.0, 1.0]),
        ys=np.array([0.0, 1.0, 2.0]),
        free=FREE,
        start=np.array([1.0, 2.0]),
        goals=np.zeros((1, 2)),
        goal_cells=np.array([[0, 0]]),
        geodesic=geodesic[None],
        visited=FREE,
        poses=1,
        values=values,
        ascent=np.broadcast_to(np.arange(6).reshape(2, 3), values.shape),
        scores=scores,
        references={},
    )


def trajectories():
    picture = np.random.default_rng(0).normal(size=(4, 7, 2))
    return EmbeddingTrajectoryResult(
        runs=RUNS,
        method="PCA",
        picture=picture,
        trustworthiness=np.array([0.9, 0.8, 0.7, 0.6]),
        linear=np.zeros((4, 7, 3)),
        explained=np.full(4, 0.9),
        episode=np.array([0, 0, 0, 1, 1, 1]),
        time=np.array([0, 1, 2, 0, 1, 2]),
        source=np.array([0, 0, 0, 3, 3, 3]),
        actors=RUNS,
        positions=np.arange(12.0).reshape(6, 2) / 6,
        distance=np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.5]),
        goals=np.zeros((1, 2)),
        measures={},
        map_xs=np.array([0.0, 1.0]),
        map_ys=np.array([0.0, 1.0, 2.0]),
        map_free=FREE,
    )


def goal_clusters():
    names = ("goal_resolution", "near_dimension")
    shared = {name: np.array([[1.0, 2.0], [3.0, 2.0], [4.0, 4.0], [6.0, 4.0]]) for name in names}
    own = {name: 2 * values for name, values in shared.items()}
    near = np.full(2, 30)
    return GoalClustersResult(RUNS, np.zeros((2, 2)), 1.5, 20, near, np.stack([near] * 4), shared, own)


def geometry():
    return GeometryResult(
        runs=RUNS,
        points=100,
        effective_rank={"phi": np.array([4.0, 6.0, 10.0, 12.0]), "psi": np.array([1.0, 2.0, 3.0, 4.0])},
        decodability={"goal": np.full((4, 2), 0.9), "distance": np.full((4, 2), 0.4)},
        cka=np.array([[1.0, 0.9, 0.2, 0.3], [0.9, 1.0, 0.4, 0.5], [0.2, 0.4, 1.0, 0.8], [0.3, 0.5, 0.8, 1.0]]),
        srank={"phi": np.array([5.0, 7.0, 11.0, 13.0]), "psi": np.array([2.0, 2.0, 3.0, 3.0])},
        intrinsic_dimension=np.array([2.0, 2.5, 3.0, 3.5]),
        mutual_knn=np.full((4, 4), 0.5),
        rank_own=np.array([4.5, 6.5, 10.5, 12.5]),
        rank_others=np.array([4.0, 6.0, 9.0, 11.0]),
    )


def residual_stream():
    by_run = (np.array([0.5]), np.array([0.7]), np.array([1.0, 0.5, 0.2, 0.1]), np.array([0.8, 0.5, 0.4, 0.3]))
    table = {"phi": by_run, "psi": by_run, "actor": by_run}
    kept = (np.arange(2), np.arange(2), np.arange(5), np.arange(5))
    return ResidualStreamResult(RUNS, table, table, kept, tuple(np.eye(len(blocks)) for blocks in kept))


def retrieval():
    own = {"retrieval_accuracy": np.full((4, 3), 0.5), "infonce_bound": np.full((4, 3), 2.0)}
    shared = {"retrieval_accuracy": np.full((4, 3), 0.25), "infonce_bound": np.full((4, 3), 1.0)}
    return RetrievalResult(
        RUNS, 256, shared, own, np.full(4, 0.5), {"phi": np.full(4, -2.0), "psi": np.full(4, -3.0)}, 0, {}, {}
    )


def depth_lens():
    blocks = (np.arange(2), np.arange(2), np.arange(5), np.arange(5))
    scores = tuple(np.stack([0.2 * b, 0.1 * b], axis=1) for b in blocks)
    readable = {"retrieval_accuracy": np.array([1.0, 1.0, 1.0, np.nan]), "geodesic_rank": np.full(4, np.nan)}
    return DepthLensResult(RUNS, 256, np.array([1, 1, 4, 4]), blocks, scores, tuple(s[:, :0] for s in scores), readable)


def rollouts():
    # Of two starts and goals, the agents of depth 16 reach the first, after one step of two.
    ways = np.array([[[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]], [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]])
    return RolloutsResult(
        runs=RUNS,
        tolerance=0.5,
        episode=np.array([7, 3]),
        starts=np.zeros((2, 2)),
        goals=np.array([[0.0, 1.0], [1.0, 2.0]]),
        goal_dim=2,
        way=np.array([1.0, 3.0]),
        positions=np.stack([ways] * 4),
        arrival=np.array([[0, 0], [0, 0], [1, 0], [1, 0]]),
        distances=np.ones((4, 2, 2)),
        map_xs=np.array([0.0, 1.0]),
        map_ys=np.array([0.0, 1.0, 2.0]),
        map_free=FREE,
    )


RESULTS = (
    success,
    learning_curves,
    landscape,
    trajectories,
    goal_clusters,
    geometry,
    residual_stream,
    retrieval,
    depth_lens,
    rollouts,
)
