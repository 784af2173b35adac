"""An analytic agent that stands in for a loaded run: its "depth" decides how far its critic sees the maze.

A place is embedded by its distances to landmarks; these go from straight-line to walking distances as depth grows.
Its policy climbs its own energy, so deeper fakes really reach more goals.
"""

import types
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from crl_train.envs.registry import make_env

REPR_DIM = 64
_FINE = 9
_TABLES: dict[str, tuple] = {}


def _tables(env_name):
    """Environment, grid borders, and both kinds of landmark distances on the fine grid; made once."""
    if env_name not in _TABLES:
        env = make_env(env_name)
        grid = env.maze.grid(_FINE)
        points = np.stack(np.meshgrid(grid.xs, grid.ys, indexing="ij"), axis=-1).reshape(-1, 2)
        landmarks = env.maze.goal_centres[:REPR_DIM]
        walking = np.stack([env.maze.geodesic(points, landmark) for landmark in landmarks], axis=-1)
        straight = np.linalg.norm(points[:, None] - landmarks, axis=-1)
        walls = np.isnan(walking)
        walking[walls] = straight[walls] + 50.0
        shape = (len(grid.xs), len(grid.ys), len(landmarks))
        _TABLES[env_name] = (env, grid, walking.reshape(shape), straight.reshape(shape))
    return _TABLES[env_name]


class FakeRun:
    """Has what ``crl_probe.loading.LoadedRun`` promises."""

    def __init__(self, env_name="point_u_maze", depth=4, seed=0, name=None, actor_depth=None):
        self.env, self._grid, walking, straight = _tables(env_name)
        actor_depth = actor_depth or depth
        self.depth = depth if actor_depth == depth else (actor_depth, depth)
        self.label = f"depth {depth}" if actor_depth == depth else f"actor {actor_depth} · critic {depth}"
        self.name = name or f"{env_name}_d{depth}_s{seed}"
        self.path = Path("checkpoints") / self.name
        self.config = types.SimpleNamespace(
            env=env_name,
            seed=seed,
            actor_depth=actor_depth,
            critic_depth=depth,
            energy="norm",
            episode_length=None,
        )
        self.env_steps = 10_000
        self.content_hash = f"{self.name}-{depth}-{seed}".encode().hex()
        self.steps = (10_000,)
        self.curve = [self._curve_row(epoch, depth) for epoch in range(1, 6)]
        weight = min(1.0, max(0.0, np.log2(depth / 4) / 4))
        table = weight * walking + (1 - weight) * straight
        generator = np.random.default_rng(1000 * depth + seed)
        rotation = np.linalg.qr(generator.normal(size=(REPR_DIM, REPR_DIM)))[0][: table.shape[-1]]
        self._tilt = jnp.asarray(rotation[:2] * (1 + seed), dtype=jnp.float32)
        self._table = jnp.asarray(table @ rotation * (1 + seed), dtype=jnp.float32)

    @staticmethod
    def _curve_row(epoch, depth):
        return {
            "epoch": epoch,
            "env_steps": 2_000 * epoch,
            "updates": 100 * epoch,
            "eval/success_rate": 1 - float(np.exp(-epoch * depth / 40)),
            "eval/time_at_goal": 10.0 * epoch,
            "eval/time_to_goal": None if epoch == 1 else 80.0,
            "eval/final_distance": 9.0 / epoch,
            "critic/infonce_loss": 5.0 / epoch,
            "critic/categorical_accuracy": 0.1 * epoch,
            "time/seconds": 3.0 * epoch,
        }

    def _embed(self, xy):
        spacing = self._grid.xs[1] - self._grid.xs[0]
        i = jnp.clip(jnp.round((xy[..., 0] - self._grid.xs[0]) / spacing), 0, len(self._grid.xs) - 1).astype(int)
        j = jnp.clip(jnp.round((xy[..., 1] - self._grid.ys[0]) / spacing), 0, len(self._grid.ys) - 1).astype(int)
        # A little of the place itself, so that no two places share an embedding.
        return self._table[i, j] + 0.05 * (xy @ self._tilt)

    def phi(self, state, action):
        return self._embed(jnp.asarray(state)[..., :2] + 0.1 * jnp.asarray(action))

    def psi(self, goal):
        return self._embed(jnp.asarray(goal))

    def energy(self, state, action, goal):
        return -jnp.linalg.norm(self.phi(state, action) - self.psi(goal), axis=-1)

    def act(self, state, goal):
        """Climb the energy among eight directions, looking a little less than a maze cell ahead."""
        angles = jnp.arange(8) * jnp.pi / 4
        directions = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=-1)
        ahead = jnp.asarray(state)[..., None, :2] + 0.9 * directions
        gap = jnp.linalg.norm(self._embed(ahead) - self.psi(goal)[..., None, :], axis=-1)
        brake = 0.2 * jnp.asarray(state)[..., 2:4]
        return jnp.clip(directions[jnp.argmin(gap, axis=-1)] - brake, -1.0, 1.0)
