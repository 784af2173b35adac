"""One update of contrastive RL as a person would write it from its formulas, to hold the fast one against.

Layers follow each other in Python loops: no scan, no stacked parameters, nothing recomputed, nothing shared between
losses, no library of networks or optimisers. Distances come from differences. Everything is computed in float64, so
that what the fast update differs by is its own float32 rounding. Formulas: docs/algorithm.md.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from crl_train.config import TrainConfig
from crl_train.update import LearnerState

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's, Kingma and Ba 2015
ENCODERS = ("state_action_encoder", "goal_encoder")

ACTIVATIONS = {
    "swish": lambda x: x / (1 + jnp.exp(-x)),
    "relu": lambda x: jnp.where(x > 0, x, 0.0),
}


class PlainLearner(NamedTuple):
    """What an update changes, in float64, with every layer on its own.

    Attributes:
        params: By name actor, state_action_encoder, goal_encoder and log_entropy_coefficient.
        first: Adam's running mean of the gradients of each of ``params``.
        second: Its running mean of their squares.
        count: Updates made.
    """

    params: Any
    first: Any
    second: Any
    count: int


def plain_learner(learner: LearnerState) -> PlainLearner:
    """A learner that has made no update yet."""
    params = {name: unstacked(network) for name, network in learner.params.items()}
    params["log_entropy_coefficient"] = np.float64(learner.log_entropy_coefficient)
    zeros = jax.tree.map(np.zeros_like, params)
    return PlainLearner(params, zeros, zeros, 0)


def unstacked(network: Any) -> Any:
    """A ``ResidualMLP``'s parameters, gradients or moments in float64: stem, a list of blocks of four layers, head."""
    network = jax.tree.map(np.float64, network)
    stacked = network.get("blocks", {}).get("block", {})
    num_blocks = len(stacked["HiddenLayer_0"]["Dense_0"]["bias"]) if stacked else 0
    blocks = [[_at(b, stacked[f"HiddenLayer_{layer}"]) for layer in range(4)] for b in range(num_blocks)]
    return {"stem": network["stem"], "blocks": blocks, "head": network["head"]}


def _at(b: int, layer: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[b], layer)


# --- networks --------------------------------------------------------------------------------------------


def hidden_layer(layer: Any, x: jax.Array, config: TrainConfig) -> jax.Array:
    """Dense, LayerNorm, activation."""
    x = x @ layer["Dense_0"]["kernel"] + layer["Dense_0"]["bias"]
    if config.layer_norm:
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        x = centred / jnp.sqrt(variance + 1e-6) * layer["LayerNorm_0"]["scale"] + layer["LayerNorm_0"]["bias"]
    return ACTIVATIONS[config.activation](x)


def evaluate(network: Any, x: jax.Array, config: TrainConfig) -> jax.Array:
    """Stem, residual blocks, head."""
    x = hidden_layer(network["stem"], x, config)
    for block in network["blocks"]:
        block_input = x
        for layer in block:
            x = hidden_layer(layer, x, config)
        if config.residual:
            x = block_input + x
    return x @ network["head"]["kernel"] + network["head"]["bias"]


# --- energies and losses ---------------------------------------------------------------------------------


def energy(kind: str, phi: jax.Array, psi: jax.Array) -> jax.Array:
    """Of φ and ψ along the last axis, the other axes broadcast; φ = ψ, whose distance has no slope, must not occur."""
    if kind == "dot":
        return jnp.sum(phi * psi, axis=-1)
    if kind == "cosine":
        lengths = jnp.sqrt(jnp.sum(phi**2, axis=-1)) * jnp.sqrt(jnp.sum(psi**2, axis=-1))
        return jnp.sum(phi * psi, axis=-1) / lengths
    squared = jnp.sum((phi - psi) ** 2, axis=-1)
    return -jnp.sqrt(squared) if kind == "norm" else -squared


def log_sum_exp(logits: jax.Array, axis: int) -> jax.Array:
    """Of logits whose exponentials float64 can hold."""
    return jnp.log(jnp.sum(jnp.exp(logits), axis=axis))


def contrastive_loss(kind: str, logits: jax.Array) -> jax.Array:
    """Row i is state-action i, column j goal j."""
    positives = jnp.diagonal(logits)
    forward = jnp.mean(log_sum_exp(logits, axis=1) - positives)
    backward = jnp.mean(log_sum_exp(logits, axis=0) - positives)
    if kind == "binary_nce":
        probability = 1 / (1 + jnp.exp(-logits))
        is_positive = jnp.eye(len(logits))
        return -jnp.mean(is_positive * jnp.log(probability) + (1 - is_positive) * jnp.log(1 - probability))
    return {
        "forward_infonce": forward,
        "backward_infonce": backward,
        "symmetric_infonce": (forward + backward) / 2,
    }[kind]


def critic_loss(encoders: Any, config: TrainConfig, batch: Any) -> jax.Array:
    """Contrastive loss of all pairs of the batch, and the penalty on the log-partition of each row."""
    phi = evaluate(encoders["state_action_encoder"], jnp.concatenate([batch.state, batch.action], axis=1), config)
    psi = evaluate(encoders["goal_encoder"], batch.goal, config)
    logits = energy(config.energy, phi[:, None], psi[None, :])
    penalty = jnp.mean(log_sum_exp(logits, axis=1) ** 2)
    return contrastive_loss(config.contrastive_loss, logits) + config.logsumexp_penalty * penalty


def actor_loss(
    actor: Any, encoders: Any, log_coefficient: jax.Array, config: TrainConfig, batch: Any, noise: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Mean of α log π − energy, and log π of each action; the goals are the hindsight ones."""
    out = evaluate(actor, jnp.concatenate([batch.state, batch.goal], axis=1), config)
    mean, raw = out[:, : noise.shape[1]], out[:, noise.shape[1] :]
    log_std = -5 + 3.5 * (jnp.tanh(raw) + 1)
    x = mean + jnp.exp(log_std) * noise
    # log N(x; mean, σ) where (x − mean) / σ is the noise, and the slope of tanh, 1 / cosh².
    log_gaussian = -(noise**2) / 2 - log_std - jnp.log(2 * jnp.pi) / 2
    log_prob = jnp.sum(log_gaussian + 2 * jnp.log(jnp.cosh(x)), axis=1)
    phi = evaluate(encoders["state_action_encoder"], jnp.concatenate([batch.state, jnp.tanh(x)], axis=1), config)
    psi = evaluate(encoders["goal_encoder"], batch.goal, config)
    coefficient = jnp.exp(log_coefficient) if config.entropy_bonus else 0.0
    return jnp.mean(coefficient * log_prob - energy(config.energy, phi, psi)), log_prob


# --- the update ------------------------------------------------------------------------------------------


def gradients(params: Any, config: TrainConfig, batch: Any, noise: jax.Array) -> tuple[Any, dict[str, jax.Array]]:
    """Gradients of the three losses, each with respect to its own parameters alone, and the losses themselves.

    All are taken at the same ``params``, those from before the update.
    """
    encoders = {name: params[name] for name in ENCODERS}
    log_coefficient = params["log_entropy_coefficient"]
    critic, of_encoders = jax.value_and_grad(critic_loss)(encoders, config, batch)
    (actor, log_prob), of_actor = jax.value_and_grad(actor_loss, has_aux=True)(
        params["actor"], encoders, log_coefficient, config, batch, noise
    )
    target_entropy = -config.target_entropy_scale * noise.shape[1]
    # α · mean(−log π − H), with log π a constant: the loss is its own derivative by log α.
    entropy = jnp.exp(log_coefficient) * jnp.mean(-log_prob - target_entropy)
    grads = {"actor": of_actor, **of_encoders, "log_entropy_coefficient": entropy}
    return grads, {"critic/loss": critic, "actor/loss": actor, "entropy/loss": entropy}


def plain_update(
    learner: PlainLearner, config: TrainConfig, batch: Any, key: jax.Array
) -> tuple[PlainLearner, dict[str, jax.Array]]:
    """One step of Adam on each of the three objectives, and their losses before it.

    Args:
        learner: As ``plain_learner`` makes it, or as the last update left it.
        config: The run's.
        batch: State-actions and their goals.
        key: What the fast update draws its actions with: noise in float32, of their shape.
    """
    with jax.enable_x64(True):
        return _update(learner, config, batch, key)


# The fastest to compile: it runs a few times alone.
@functools.partial(jax.jit, static_argnums=1, compiler_options={"xla_backend_optimization_level": 0})
def _update(learner: PlainLearner, config: TrainConfig, batch: Any, key: jax.Array) -> tuple[PlainLearner, Any]:
    noise = jnp.float64(jax.random.normal(key, batch.action.shape, jnp.float32))
    grads, losses = gradients(learner.params, config, jax.tree.map(jnp.float64, batch), noise)
    first = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, learner.first, grads)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g**2, learner.second, grads)
    count = learner.count + 1
    rates = {
        "actor": config.actor_lr,
        "state_action_encoder": config.critic_lr,
        "goal_encoder": config.critic_lr,
        "log_entropy_coefficient": config.entropy_lr,
    }

    def stepped(name: str) -> Any:
        def one(p: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
            unbiased_first, unbiased_second = m / (1 - BETA_1**count), v / (1 - BETA_2**count)
            return p - rates[name] * unbiased_first / (jnp.sqrt(unbiased_second) + EPSILON)

        return jax.tree.map(one, learner.params[name], first[name], second[name])

    return PlainLearner({name: stepped(name) for name in rates}, first, second, count), losses
