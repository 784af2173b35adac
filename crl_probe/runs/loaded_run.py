"""A trained agent with its parameters, as every probe sees it."""

import dataclasses
import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from crl_probe.runs.agent import Plain
from crl_probe.runs.factors import depth_words
from crl_train.config import LAYERS_PER_BLOCK, TrainConfig
from crl_train.energy import paired_energy
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import ConfigError
from crl_train.initial_params import initial_params
from crl_train.networks import (
    Networks,
    Params,
    ResidualMLP,
    after_blocks,
    mean_activations,
    prefix_params,
    residual_stream,
    sizes_of,
)
from crl_train.policy import Policy, make_act
from crl_train.run_envs import episode_steps

AnyArray = Array | np.ndarray
"""What the methods that look inside a loaded run take; they return JAX arrays."""

PARTS = {"phi": "state_action_encoder", "psi": "goal_encoder", "actor": "actor"}
"""Short names of the three networks, as results and tables use them."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LoadedRun:
    """A trained agent and its record; it satisfies the whole agent contract (``crl_probe.runs.agent``).

    ``act``, ``phi``, ``psi`` and ``energy`` take arrays of any kind, lists included, with any batch axes in front of
    the entries of a state, action or goal; one of them may stand for a whole batch. A wrong shape raises
    ``ConfigError``.

    Attributes:
        path: The run's directory.
        config: Settings that the run was trained with.
        env: The environment it is evaluated on; the one it was trained on unless the config says otherwise.
        env_steps: Environment steps at the loaded checkpoint; 0 before training.
        steps: Environment steps of all checkpoints of the run, ascending.
        content_hash: SHA-256 of the loaded parameters; before training, of all that decides them.
        record: The whole of config.json: versions, device, command.
        curve: The lines of metrics.jsonl up to the loaded checkpoint; none if one of them is damaged.
        networks: The networks, without parameters.
        params: Parameters of actor, state_action_encoder and goal_encoder.
        names_its_run: Whether the checkpoint says which run it is of; those of older versions do not, and are taken for
            this run's.
        is_on_disk: False for a ``prefix``, which exists only in memory.
        curve_problem: What is wrong with metrics.jsonl, in a sentence; empty if it could be read.

    Example:
        >>> run = load_run("checkpoints/point_u_maze_d4_s0")          # doctest: +SKIP
        >>> action = run.act(state, goal)                             # doctest: +SKIP
        >>> value = run.energy(state, action, goal)                   # doctest: +SKIP
    """

    path: Path
    config: TrainConfig
    env: GoalEnv
    env_steps: int
    steps: tuple[int, ...]
    content_hash: str
    record: Mapping[str, Any]
    curve: Sequence[Mapping[str, Any]]
    networks: Networks
    params: Mapping[str, Params]
    is_on_disk: bool = True
    names_its_run: bool = True
    curve_problem: str = ""

    @property
    def name(self) -> str:
        """Name of the run's directory."""
        return self.path.name

    @property
    def depth(self) -> int | tuple[int, int]:
        """Depth of the agent; (actor, critic) where the two differ."""
        return self.config.depth or (self.config.actor_depth, self.config.critic_depth)

    @property
    def settings(self) -> Mapping[str, Plain]:
        """Every setting of the run by name, as plain values."""
        return vars(self.config)

    @property
    def discount(self) -> float:
        """γ of the future goals that the critic was trained on."""
        return self.config.discount

    def __repr__(self) -> str:
        depth = depth_words(self.config.actor_depth, self.config.critic_depth)
        return f"LoadedRun({self.name!r}, {depth}, seed {self.config.seed}, {self.env_steps:,} env steps)"

    def act(self, state: ArrayLike, goal: ArrayLike) -> Array:
        """Mean action, tanh of the Gaussian's mean.

        Args:
            state: (*batch, state_dim), environment's units.
            goal: (*batch, goal_dim), environment's unit.

        Returns:
            (*batch, action_dim), in (-1, 1).
        """
        return _act(self.networks, dict(self.params), *self._inputs(state=state, goal=goal))

    def phi(self, state: ArrayLike, action: ArrayLike) -> Array:
        """Representation of state-action pairs.

        Args:
            state: (*batch, state_dim), environment's units.
            action: (*batch, action_dim), in [-1, 1].

        Returns:
            (*batch, repr_dim)
        """
        return _phi(self.networks, dict(self.params), *self._inputs(state=state, action=action))

    def psi(self, goal: ArrayLike) -> Array:
        """Representation of goals: (*batch, repr_dim) from (*batch, goal_dim), environment's unit."""
        return _psi(self.networks, dict(self.params), *self._inputs(goal=goal))

    def energy(self, state: ArrayLike, action: ArrayLike, goal: ArrayLike) -> Array:
        """Critic energy, larger is closer; the kind of energy is the one that the run was trained with.

        Args:
            state: (*batch, state_dim), environment's units.
            action: (*batch, action_dim), in [-1, 1].
            goal: (*batch, goal_dim), environment's unit.

        Returns:
            (*batch,)
        """
        state, action, goal = self._inputs(state=state, action=action, goal=goal)
        return self.energy_between(self.phi(state, action), self.psi(goal))

    def energy_between(self, phi: Float[AnyArray, "*batch repr_dim"], psi: Float[AnyArray, "*batch repr_dim"]) -> Array:
        """Critic energy of given representations. (*batch,)"""
        return paired_energy(self.config.energy, jnp.asarray(phi), jnp.asarray(psi))

    def policy(self, mode: str = "mean") -> Policy:
        """The policy of a mode (``mean``, ``sample`` or ``best_of_K``), a function of state, goal and key."""
        return make_act(self.networks, dict(self.params), self.config.energy, mode)

    @property
    def episode_length(self) -> int:
        """Steps of an episode in the agent's training."""
        return episode_steps(self.config, self.env)

    @property
    def critic_blocks(self) -> int:
        """Residual blocks of each encoder."""
        return self.config.critic_depth // LAYERS_PER_BLOCK

    @property
    def width(self) -> int:
        """Units of the residual stream."""
        return self.config.width

    @property
    def has_residual_stream(self) -> bool:
        """Whether blocks add to their input."""
        return self.config.residual

    def num_blocks(self, part: str) -> int:
        """Residual blocks of one network: ``phi``, ``psi`` or ``actor``."""
        return self._part(part)[0].num_blocks

    def prefix(self, blocks: int) -> "LoadedRun":
        """The same agent with both encoders cut after their first ``blocks`` residual blocks; the actor stays whole.

        Raises:
            ConfigError: If the encoders do not have that many blocks.
        """
        networks = dataclasses.replace(
            self.networks,
            state_action_encoder=self.networks.state_action_encoder.prefix(blocks),
            goal_encoder=self.networks.goal_encoder.prefix(blocks),
        )
        encoders = ("state_action_encoder", "goal_encoder")
        params = {**self.params, **{name: prefix_params(self.params[name], blocks) for name in encoders}}
        # Results are cached by content hash, and a prefix gives other results than the whole network.
        content_hash = f"{self.content_hash}:prefix{blocks}"
        return dataclasses.replace(self, networks=networks, params=params, content_hash=content_hash, is_on_disk=False)

    def untrained(self) -> "LoadedRun":
        """The same agent before training, with the parameters that its seed gives: what ``load_run(path, 0)`` opens."""
        params, content_hash = params_before_training(self.config, self.env, self.networks)
        return dataclasses.replace(
            self, env_steps=0, params=params, content_hash=content_hash, curve=(), curve_problem=""
        )

    def phi_after(
        self,
        state: Float[AnyArray, "batch state_dim"],
        action: Float[AnyArray, "batch action_dim"],
        blocks: Int[AnyArray, " kept"],
    ) -> Array:
        """φ as ``prefix(b)`` gives it, for every b in ``blocks`` in one pass. (batch, kept, repr_dim)"""
        return _after(self.networks.state_action_encoder, self.params["state_action_encoder"], blocks, state, action)

    def psi_after(self, goal: Float[AnyArray, "batch goal_dim"], blocks: Int[AnyArray, " kept"]) -> Array:
        """ψ as ``prefix(b)`` gives it, for every b in ``blocks`` in one pass. (batch, kept, repr_dim)"""
        return _after(self.networks.goal_encoder, self.params["goal_encoder"], blocks, goal)

    def residual_stream(self, part: str, *inputs: AnyArray) -> Array:
        """The residual stream of one network after its stem and after each of its blocks.

        Args:
            part: ``phi`` (inputs: state, action), ``psi`` (goal) or ``actor`` (state, goal).
            inputs: (batch, ...) each.

        Returns:
            (1 + blocks, batch, width)
        """
        return _stream(*self._part(part), *inputs)

    def mean_activations(self, part: str, *inputs: AnyArray) -> Array:
        """Mean absolute output of every hidden unit over a batch: (blocks, layers of a block, width).

        Args:
            part: As for :meth:`residual_stream`, with the same inputs.
            inputs: (batch, ...) each.
        """
        return _activations(*self._part(part), *inputs)

    def _inputs(self, **given: ArrayLike) -> list[Array]:
        """States, actions and goals as arrays of one batch; wrong shapes are named here, before a network sees them."""
        sizes = {"state": self.env.state_dim, "action": self.env.action_dim, "goal": self.env.goal_dim}
        arrays = {name: _numbers(name, value) for name, value in given.items()}
        for name, array in arrays.items():
            if array.shape[-1:] != (sizes[name],):
                raise ConfigError(
                    f"{name} has shape {array.shape}: {name}s of {self.env.name} have {sizes[name]} entries."
                )
        batches = [array.shape[:-1] for array in arrays.values()]
        if len(set(batches)) == 1:
            return list(arrays.values())
        try:
            batch = np.broadcast_shapes(*batches)
        except ValueError:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise ConfigError(f"shapes do not fit together ({shapes}): give one batch, or one for a batch.") from None
        return [jnp.broadcast_to(array, (*batch, array.shape[-1])) for array in arrays.values()]

    def _part(self, part: str) -> tuple[ResidualMLP, Params]:
        name = PARTS[part]
        return getattr(self.networks, name), self.params[name]


class _FirstParams(Mapping[str, Params]):
    """The parameters that a run starts from, drawn when they are first needed: cached results need none."""

    def __init__(self, networks: Networks, env: GoalEnv, seed: int) -> None:
        self._draw = functools.cache(lambda: initial_params(networks, env, seed))

    def __getitem__(self, name: str) -> Params:
        return self._draw()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PARTS.values())

    def __len__(self) -> int:
        return len(PARTS)


def params_before_training(config: TrainConfig, env: GoalEnv, networks: Networks) -> tuple[Mapping[str, Params], str]:
    """The parameters that a run starts from, and a hash of all that decides them."""
    decides = (config.model_dump_json(), sizes_of(env), jax.__version__, flax.__version__)
    return _FirstParams(networks, env, config.seed), hashlib.sha256(repr(decides).encode()).hexdigest()


def _numbers(name: str, value: ArrayLike) -> Array:
    try:
        return jnp.asarray(value, jnp.float32)
    except (TypeError, ValueError):
        raise ConfigError(
            f"{name} is no array of numbers: give an array or a list whose rows are of one length."
        ) from None


@functools.partial(jax.jit, static_argnums=0)
def _act(networks: Networks, params: Mapping[str, Params], state: Array, goal: Array) -> Array:
    mean, _ = networks.action_head(params["actor"], state, goal)
    return jnp.tanh(mean)


@functools.partial(jax.jit, static_argnums=0)
def _phi(networks: Networks, params: Mapping[str, Params], state: Array, action: Array) -> Array:
    return networks.phi(params["state_action_encoder"], state, action)


@functools.partial(jax.jit, static_argnums=0)
def _psi(networks: Networks, params: Mapping[str, Params], goal: Array) -> Array:
    return networks.psi(params["goal_encoder"], goal)


@functools.partial(jax.jit, static_argnums=0)
def _after(network: ResidualMLP, params: Params, blocks: Array, *inputs: Array) -> Array:
    return jnp.swapaxes(after_blocks(network, params, jnp.concatenate(inputs, axis=-1), blocks), 0, 1)


@functools.partial(jax.jit, static_argnums=0)
def _stream(network: ResidualMLP, params: Params, *inputs: Array) -> Array:
    return residual_stream(network, params, jnp.concatenate(inputs, axis=-1))


@functools.partial(jax.jit, static_argnums=0)
def _activations(network: ResidualMLP, params: Params, *inputs: Array) -> Array:
    return mean_activations(network, params, jnp.concatenate(inputs, axis=-1))
