"""Deep residual networks with their blocks stacked on a leading axis and scanned.

Scanning one block over stacked parameters makes compile time independent of depth, and makes "the first b blocks"
a slice of an array: see ``prefix``. Source: arXiv 2503.14858 section 4.1.

Under ``precision="bfloat16"`` the layers of the blocks multiply and activate in bfloat16, which keeps 8 bits of a
number. Everything else is float32: parameters, the mean and variance of LayerNorm, the residual stream, stem and head,
and so every output. The stem sees coordinates, which bfloat16 moves by up to 0.12 m from 32 to 64 m. The stream sums up
what many blocks have added: in bfloat16 it would lose whatever is smaller than 1/512 of it (docs/performance.md).
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from crl_train.config import LAYERS_PER_BLOCK, TrainConfig
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import ConfigError

Params = Mapping[str, Any]

ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {"swish": nn.swish, "relu": nn.relu}

_ACTIVATIONS = "activations"  # collection of what hidden layers put out, averaged over the batch

# U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the reference trainer's initialisation.
_KERNEL_INIT = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


class HiddenLayer(nn.Module):
    """Dense, LayerNorm (optional), activation; parameters, and statistics of LayerNorm, are float32 in any precision.

    Attributes:
        width: Units.
        activation: A key of ``ACTIVATIONS``.
        layer_norm: Whether to normalise.
        precision: Type of the product, the activation and the output: float32 or bfloat16.
        exact: Whether a float32 product is one on accelerators too, where the default rounds its factors to 10 bits.
    """

    width: int
    activation: str
    layer_norm: bool
    precision: str = "float32"
    exact: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "*batch features"]) -> Float[Array, "*batch width"]:
        dtype = jnp.dtype(self.precision)
        product = jax.lax.Precision.HIGHEST if self.exact else None
        x = nn.Dense(self.width, kernel_init=_KERNEL_INIT, dtype=dtype, precision=product)(x)
        if self.layer_norm:
            x = nn.LayerNorm(dtype=dtype)(x)
        x = ACTIVATIONS[self.activation](x)
        if self.is_mutable_collection(_ACTIVATIONS) and not self.is_initializing():  # collected by mean_activations
            self.sow(
                _ACTIVATIONS, "mean", jnp.abs(x).mean(range(x.ndim - 1), jnp.float32), reduce_fn=lambda _, new: new
            )
        return x


class ResidualBlock(nn.Module):
    """Four hidden layers, then the block's input is added; nothing follows the sum, which is of the input's type."""

    width: int
    activation: str
    layer_norm: bool
    residual: bool
    precision: str

    @nn.compact
    def __call__(self, x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
        update = x
        for _ in range(LAYERS_PER_BLOCK):
            update = HiddenLayer(self.width, self.activation, self.layer_norm, self.precision)(update)
        update = update.astype(x.dtype)
        return x + update if self.residual else update


class _ScanBody(nn.Module):
    """A residual block in the (carry, output) form that ``nn.scan`` asks for."""

    width: int
    activation: str
    layer_norm: bool
    residual: bool
    precision: str
    keep_stream: bool

    @nn.compact
    def __call__(
        self, x: Float[Array, "*batch width"], _: None
    ) -> tuple[Float[Array, "*batch width"], Float[Array, "*batch width"] | None]:
        settings = (self.width, self.activation, self.layer_norm, self.residual, self.precision)
        x = ResidualBlock(*settings, name="block")(x)
        return x, (x if self.keep_stream else None)


class ResidualMLP(nn.Module):
    """Stem, ``num_blocks`` scanned residual blocks, linear head.

    Attributes:
        num_blocks: Residual blocks; 0 leaves stem and head.
        width: Units per hidden layer.
        out_dim: Entries of the output.
        activation: A key of ``ACTIVATIONS``.
        layer_norm: Whether hidden layers normalise.
        residual: Whether blocks add their input.
        precision: What the layers of blocks compute in: float32 or bfloat16. Stream and output are float32.
    """

    num_blocks: int
    width: int
    out_dim: int
    activation: str = "swish"
    layer_norm: bool = True
    residual: bool = True
    precision: str = "float32"

    @nn.compact
    def __call__(
        self, x: Float[Array, "*batch features"], keep_stream: bool = False
    ) -> Float[Array, "*batch out_dim"] | tuple[Float[Array, "*batch out_dim"], Float[Array, "points *batch width"]]:
        """Evaluate the network.

        Args:
            x: Input. (*batch, features)
            keep_stream: Also return the residual stream after the stem and after each block.
        Returns:
            The output (*batch, out_dim); with ``keep_stream`` also the stream (1 + num_blocks, *batch, width).
        """
        x = HiddenLayer(self.width, self.activation, self.layer_norm, exact=True, name="stem")(x)
        stream = x[None]
        if self.num_blocks:
            # Keep only matrix products for the backward pass and recompute what lies between them: storing every
            # intermediate of every layer costs more time than LayerNorm and activation do (docs/performance.md).
            body = nn.remat(_ScanBody, policy=jax.checkpoint_policies.dots_saveable, prevent_cse=False)
            axes: Mapping[Any, int] = {"params": 0, _ACTIVATIONS: 0}
            scanned = nn.scan(body, variable_axes=axes, split_rngs={"params": True}, length=self.num_blocks)
            block_settings = (self.width, self.activation, self.layer_norm, self.residual, self.precision)
            x, after_blocks = scanned(*block_settings, keep_stream, name="blocks")(x, None)
            if after_blocks is not None:
                stream = jnp.concatenate([stream, after_blocks])
        out = nn.Dense(self.out_dim, kernel_init=_KERNEL_INIT, name="head")(x)
        return (out, stream) if keep_stream else out

    def prefix(self, blocks: int) -> "ResidualMLP":
        """The same network cut after its first ``blocks`` blocks; evaluate it with ``prefix_params``.

        Raises:
            ConfigError: If the network does not have that many blocks.
        """
        if not 0 <= blocks <= self.num_blocks:
            raise ConfigError(f"blocks={blocks} is out of range: this network has {self.num_blocks} residual blocks.")
        return self.clone(num_blocks=blocks)


def prefix_params(params: Params, blocks: int) -> Params:
    """Keep the stem, the first ``blocks`` residual blocks and the head of a ``ResidualMLP``'s parameters."""
    kept = {name: value for name, value in params.items() if name != "blocks"}
    if blocks:
        kept["blocks"] = jax.tree.map(lambda leaf: leaf[:blocks], params["blocks"])
    return kept


def residual_stream(
    network: ResidualMLP, params: Params, x: Float[Array, "batch features"]
) -> Float[Array, "points batch width"]:
    """The residual stream after the stem and after each block. (1 + num_blocks, batch, width)"""
    _, stream = network.apply({"params": params}, x, keep_stream=True)
    return cast(Array, stream)


def after_blocks(
    network: ResidualMLP, params: Params, x: Float[Array, "batch features"], blocks: Int[Array, " kept"]
) -> Float[Array, "kept batch out_dim"]:
    """What the network would put out if its head followed the first b blocks, for several b in one pass.

    An entry for b blocks equals the output of ``prefix(b)``. (kept, batch, out_dim)
    """
    head = params["head"]
    return residual_stream(network, params, x)[blocks] @ head["kernel"] + head["bias"]


def mean_activations(
    network: ResidualMLP, params: Params, x: Float[Array, "batch features"]
) -> Float[Array, "blocks layers width"]:
    """Mean absolute output of every hidden unit over the batch, by block and layer. (num_blocks, 4, width)"""
    _, collections = network.apply({"params": params}, x, mutable=[_ACTIVATIONS])
    blocks = collections[_ACTIVATIONS]["blocks"]["block"]
    return jnp.stack([blocks[f"HiddenLayer_{layer}"]["mean"] for layer in range(LAYERS_PER_BLOCK)], axis=1)


def _evaluate(network: ResidualMLP, params: Params, x: Float[Array, "*batch features"]) -> Array:
    return cast(Array, network.apply({"params": params}, x))


@dataclasses.dataclass(frozen=True)
class Networks:
    """The three networks of a CRL agent, without their parameters.

    Attributes:
        actor: (state, goal) to the mean and raw log standard deviation of a Gaussian, before tanh.
        state_action_encoder: φ(s, a).
        goal_encoder: ψ(g).
    """

    actor: ResidualMLP
    state_action_encoder: ResidualMLP
    goal_encoder: ResidualMLP

    def action_head(
        self, params: Params, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"]
    ) -> tuple[Float[Array, "*batch action_dim"], Float[Array, "*batch action_dim"]]:
        """Mean and raw log standard deviation of the action's Gaussian, both before squashing."""
        out = _evaluate(self.actor, params, jnp.concatenate([state, goal], axis=-1))
        mean, raw_log_std = jnp.split(out, 2, axis=-1)
        return mean, raw_log_std

    def phi(
        self, params: Params, state: Float[Array, "*batch state_dim"], action: Float[Array, "*batch action_dim"]
    ) -> Float[Array, "*batch repr_dim"]:
        """Representation of a state-action pair."""
        return _evaluate(self.state_action_encoder, params, jnp.concatenate([state, action], axis=-1))

    def psi(self, params: Params, goal: Float[Array, "*batch goal_dim"]) -> Float[Array, "*batch repr_dim"]:
        """Representation of a goal."""
        return _evaluate(self.goal_encoder, params, goal)


def make_networks(config: TrainConfig, action_dim: int) -> Networks:
    """Build the agent's networks; only the sizes of outputs need to be known beforehand."""

    def trunk(depth: int, out_dim: int) -> ResidualMLP:
        return ResidualMLP(
            num_blocks=depth // LAYERS_PER_BLOCK,
            width=config.width,
            out_dim=out_dim,
            activation=config.activation,
            layer_norm=config.layer_norm,
            residual=config.residual,
            precision=config.precision,
        )

    return Networks(
        actor=trunk(config.actor_depth, 2 * action_dim),
        state_action_encoder=trunk(config.critic_depth, config.repr_dim),
        goal_encoder=trunk(config.critic_depth, config.repr_dim),
    )


class Sizes(NamedTuple):
    """Entries of a state, an action and a goal: all that networks need to know of an environment."""

    state: int
    action: int
    goal: int


def sizes_of(env: GoalEnv) -> Sizes:
    """The sizes of an environment."""
    return Sizes(env.state_dim, env.action_dim, env.goal_dim)


def init_params(networks: Networks, sizes: Sizes, key: PRNGKeyArray) -> dict[str, Params]:
    """Draw initial parameters of all three networks.

    Returns:
        Parameters under the names that checkpoints use: actor, state_action_encoder, goal_encoder.
    """
    actor_key, state_action_key, goal_key = jax.random.split(key, 3)
    state, action, goal = (jnp.zeros(size) for size in sizes)
    return {
        "actor": networks.actor.init(actor_key, jnp.concatenate([state, goal]))["params"],
        "state_action_encoder": networks.state_action_encoder.init(state_action_key, jnp.concatenate([state, action]))[
            "params"
        ],
        "goal_encoder": networks.goal_encoder.init(goal_key, goal)["params"],
    }
