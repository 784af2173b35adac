"""An analytic agent that stands in for a loaded run: its "depth" decides how far its critic sees the maze.

A position is embedded by its distances to landmarks; these go from straight-line to geodesic as depth grows,
and block by block inside one agent. Its policy climbs its own energy, so deeper fakes really reach more goals.
"""

import copy
import dataclasses
import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from crl_probe.probes.registry import PROBES
from crl_train.config import make_config
from crl_train.envs.registry import make_env

REPR_DIM = 64
_FINE = 9
_NUMBERS = itertools.count()
_TABLES: dict[str, tuple] = {}


def _tables(env_name):
    """Environment, grid borders, and both kinds of landmark distances on the fine grid; made once."""
    if env_name not in _TABLES:
        env = make_env(env_name)
        grid = env.maze.grid(_FINE)
        points = np.stack(np.meshgrid(grid.xs, grid.ys, indexing="ij"), axis=-1).reshape(-1, 2)
        landmarks = env.maze.goal_centres[:REPR_DIM]
        geodesic = np.stack([env.maze.geodesic(points, landmark) for landmark in landmarks], axis=-1)
        straight = np.linalg.norm(points[:, None] - landmarks, axis=-1)
        walls = np.isnan(geodesic)
        geodesic[walls] = straight[walls] + 50.0
        shape = (len(grid.xs), len(grid.ys), len(landmarks))
        _TABLES[env_name] = (env, grid, geodesic.reshape(shape), straight.reshape(shape))
    return _TABLES[env_name]


class FakeRun:
    """A layered agent, as ``crl_probe.runs.agent`` has it; also ``config``, for tests that change a setting."""

    is_on_disk = True  # it is not, but tests with fakes use one process
    width = REPR_DIM
    has_residual_stream = True

    def __init__(self, env_name="point_u_maze", depth=4, seed=0, name=None, actor_depth=None, **settings):
        self.env, self._grid, geodesic, straight = _tables(env_name)
        depths = {"actor_depth": actor_depth or depth, "critic_depth": depth}
        self.config = make_config({"env": env_name, "seed": seed, **depths, **settings})
        self.name = name or f"{env_name}_d{depth}_s{seed}"
        # As no two agents share a directory, no two fakes do, even of one name.
        self.path = Path("checkpoints") / f"fake_{next(_NUMBERS)}" / self.name
        self.critic_blocks = depth // 4
        self.episode_length = self.env.spec.episode_length
        self.discount = self.config.discount
        self.env_steps = 10_000
        self.content_hash = f"{self.name}-{actor_depth or depth}-{depth}-{seed}".encode().hex()
        self.steps = (10_000,)
        self.curve = [self._curve_row(epoch, depth) for epoch in range(1, 6)]
        weight = min(1.0, max(0.0, np.log2(depth / 4) / 4))
        generator = np.random.default_rng(1000 * depth + seed)
        rotation = np.linalg.qr(generator.normal(size=(REPR_DIM, REPR_DIM)))[0][: straight.shape[-1]] * (1 + seed)
        self._tilt = jnp.asarray(rotation[:2], dtype=jnp.float32)
        self._straight = jnp.asarray(straight @ rotation, dtype=jnp.float32)
        self._detours = jnp.asarray(weight * (geodesic - straight) @ rotation, dtype=jnp.float32)

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
            "critic/contrastive_loss": 5.0 / epoch,
            "critic/categorical_accuracy": 0.1 * epoch,
            "time/seconds": 3.0 * epoch,
        }

    def _embed(self, xy, share=1.0):
        """Embed places as the first ``share`` of the blocks do: 0 is blind to walls, 1 is the whole agent."""
        spacing = self._grid.xs[1] - self._grid.xs[0]
        i = jnp.clip(jnp.round((xy[..., 0] - self._grid.xs[0]) / spacing), 0, len(self._grid.xs) - 1).astype(int)
        j = jnp.clip(jnp.round((xy[..., 1] - self._grid.ys[0]) / spacing), 0, len(self._grid.ys) - 1).astype(int)
        # A little of the place itself, so that no two places share an embedding.
        return self._straight[i, j] + share * self._detours[i, j] + 0.05 * (xy @ self._tilt)

    def _phi(self, state, action, share=1.0):
        return self._embed(jnp.asarray(state)[..., :2], share) + 0.005 * (jnp.asarray(action) @ self._tilt)

    def _psi(self, goal, share=1.0):
        return self._embed(jnp.asarray(goal), share)

    def phi(self, state, action):
        return self._phi(state, action)

    def psi(self, goal):
        return self._psi(goal)

    def energy(self, state, action, goal):
        return self.energy_between(self.phi(state, action), self.psi(goal))

    def energy_between(self, phi, psi):
        return -jnp.linalg.norm(jnp.asarray(phi) - jnp.asarray(psi), axis=-1)

    @property
    def settings(self):
        return vars(self.config)

    def policy(self, mode="mean"):
        """The mean action, with a little noise in all modes but ``mean``."""

        def act(state, goal, key):
            noise = 0.0 if mode == "mean" else 0.1 * jax.random.normal(key, (*jnp.shape(state)[:-1], 2))
            return jnp.clip(self.act(state, goal) + noise, -1.0, 1.0)

        return act

    def prefix(self, blocks):
        cut = copy.copy(self)
        cut._detours = blocks / self.critic_blocks * self._detours
        cut.critic_blocks = blocks
        cut.is_on_disk = False
        cut.content_hash = f"{self.content_hash}:prefix{blocks}"
        return cut

    def act(self, state, goal):
        """Climb the energy among eight directions, looking a little less than a maze cell ahead."""
        angles = jnp.arange(8) * jnp.pi / 4
        directions = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=-1)
        ahead = jnp.asarray(state)[..., None, :2] + 0.9 * directions
        gap = jnp.linalg.norm(self._embed(ahead) - self.psi(goal)[..., None, :], axis=-1)
        brake = 0.2 * jnp.asarray(state)[..., 2:4]
        return jnp.clip(directions[jnp.argmin(gap, axis=-1)] - brake, -1.0, 1.0)

    def phi_after(self, state, action, blocks):
        return jnp.stack([self._phi(state, action, int(b) / self.critic_blocks) for b in blocks], axis=1)

    def psi_after(self, goal, blocks):
        return jnp.stack([self._psi(goal, int(b) / self.critic_blocks) for b in blocks], axis=1)

    def residual_stream(self, part, *inputs):
        """As if the stream were the embedding itself; the actor's is that of its place and that of its goal, added."""
        after = {"phi": self._phi, "psi": self._psi, "actor": self._place_and_goal}[part]
        blocks = self.num_blocks(part)
        return jnp.stack([after(*inputs, share=b / blocks) for b in range(blocks + 1)])

    def _place_and_goal(self, state, goal, share):
        return self._psi(jnp.asarray(state)[..., :2], share) + self._psi(goal)

    def mean_activations(self, part, *inputs):
        """In block b of B the first 32 * b / B of 64 units are dormant, whatever the inputs."""
        blocks = self.num_blocks(part)
        dormant = 32 * np.arange(1, blocks + 1) // blocks
        return jnp.asarray(np.tile(np.arange(REPR_DIM) >= dormant[:, None, None], (1, 4, 1)), dtype=jnp.float32)

    def num_blocks(self, part):
        return self.config.actor_depth // 4 if part == "actor" else self.critic_blocks


class TrainedFake(FakeRun):
    """A fake whose agent before training is known: it sees one place everywhere, and always goes one way."""

    def untrained(self):
        return UntrainedFake(self)


class UntrainedFake(FakeRun):
    """A fake before training: nearly blind, and without a curve."""

    def __init__(self, trained):
        vars(self).update(vars(trained))
        self.content_hash, self.env_steps, self.curve = f"{trained.content_hash}:untrained", 0, []
        self._straight, self._detours = 0.001 * self._straight, 0.0 * self._detours

    def act(self, state, goal):
        return jnp.broadcast_to(jnp.array([1.0, 0.0]), (*jnp.shape(state)[:-1], 2))


def replace_run(monkeypatch, name, run):
    """Let a probe be run by another function for one test."""
    monkeypatch.setitem(PROBES, name, dataclasses.replace(PROBES[name], run=run))
