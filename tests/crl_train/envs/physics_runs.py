"""Copies of a robot side by side, whose two programs serve all tests of a module: each compiles for many seconds."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from crl_train.envs.goal_env import EnvState
from crl_train.envs.physics import Physics
from crl_train.envs.robot import Robot


@dataclasses.dataclass(frozen=True)
class RandomEpisodes:
    """Episodes under uniformly random actions.

    Attributes:
        lengths: Steps that each took. (copies,)
        first: Observations at the start. (copies, observation)
        last: Observations at the end. (copies, observation)
    """

    lengths: np.ndarray
    first: jax.Array
    last: jax.Array


class Copies:
    """Copies of a robot."""

    def __init__(self, env: Robot, count: int) -> None:
        self.env, self.count = env, count
        self.draw = jax.jit(jax.vmap(env.draw))
        self.begin = env.jit(jax.vmap(env.begin))
        self.step = env.jit(jax.vmap(env.step))

    def reset(self, seed: int) -> EnvState:
        """Fresh starts under fresh goals."""
        return self.begin(*self.draw(jax.random.split(jax.random.key(seed), self.count)))

    def at(self, q: np.ndarray, qd: np.ndarray) -> EnvState:
        """All copies at one pose with one velocity, at a goal of zeros."""
        parts = (q, qd, np.zeros(self.env.goal_dim))
        return self.begin(*(jnp.broadcast_to(jnp.float32(part), (self.count, len(part))) for part in parts))

    def positions_under(self, q: np.ndarray, qd: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Generalized positions after each of some actions. (steps, q)"""
        state, positions = self.at(q, qd), []
        for action in jnp.float32(actions):
            state = self.step(state, jnp.broadcast_to(action, (self.count, len(action))))
            positions.append(state.pipeline_state.q[0])
        return np.stack(positions)

    def random_episodes(self, seed: int, num_steps: int) -> RandomEpisodes:
        """One episode of every copy; none is longer than ``num_steps``."""
        reset_seed, action_seed = np.random.default_rng(seed).integers(2**31, size=2)
        state = self.reset(int(reset_seed))
        first = last = state.obs
        over, lengths = np.zeros(self.count, dtype=bool), np.zeros(self.count, dtype=int)
        shape = (num_steps, self.count, self.env.action_dim)
        for actions in jax.random.uniform(jax.random.key(int(action_seed)), shape, minval=-1, maxval=1):
            state = self.step(state, actions)
            last = jnp.where(over[:, None], last, state.obs)
            lengths += ~over
            over |= np.asarray(state.done) > 0
        return RandomEpisodes(lengths, first, last)


def seconds_of_a_step(physics: Physics) -> float:
    """What a control step takes, by the compiled model."""
    return round(float(physics.system.mj_model.opt.timestep) * physics.substeps, 12)
