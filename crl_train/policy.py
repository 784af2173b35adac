"""The tanh-Gaussian policy: the only place where network outputs become actions."""

import functools
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.config import POLICY_PATTERN, POLICY_RULE, num_candidates
from crl_train.energy import paired_energy
from crl_train.errors import ConfigError
from crl_train.networks import Networks, Params
from crl_train.parsing import shortened

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0

ActFn = Callable[[Array, Array, PRNGKeyArray], Array]
"""(state, goal, key) to action; state and goal carry any batch axes."""


def bounded_log_std(raw_log_std: Float[Array, "*batch action_dim"]) -> Float[Array, "*batch action_dim"]:
    """Squash the network's output smoothly into [LOG_STD_MIN, LOG_STD_MAX].

    Source: arXiv 2503.14858's reference trainer, −5 + 3.5 (tanh(raw) + 1).
    """
    return LOG_STD_MIN + 0.5 * (LOG_STD_MAX - LOG_STD_MIN) * (jnp.tanh(raw_log_std) + 1)


def sample_action(
    mean: Float[Array, "*batch action_dim"], raw_log_std: Float[Array, "*batch action_dim"], key: PRNGKeyArray
) -> tuple[Float[Array, "*batch action_dim"], Float[Array, "*batch"]]:
    """Draw a = tanh(x), x ~ N(mean, σ), and its log-density.

    Returns:
        Actions in (-1, 1), (*batch, action_dim), and log π(a), (*batch,), in nats.
    """
    log_std = bounded_log_std(raw_log_std)
    pre_tanh_action = mean + jnp.exp(log_std) * jax.random.normal(key, mean.shape, mean.dtype)
    return jnp.tanh(pre_tanh_action), log_prob(mean, log_std, pre_tanh_action)


def log_prob(
    mean: Float[Array, "*batch action_dim"],
    log_std: Float[Array, "*batch action_dim"],
    pre_tanh_action: Float[Array, "*batch action_dim"],
) -> Float[Array, "*batch"]:
    """Log-density of a = tanh(x) at x, summed over action dimensions, in nats.

    log N(x; mean, σ) − log(1 − tanh² x), the latter as 2 (log 2 − x − softplus(−2x)): exact also where tanh saturates.
    """
    gaussian = jax.scipy.stats.norm.logpdf(pre_tanh_action, mean, jnp.exp(log_std))
    log_slope = 2 * (jnp.log(2.0) - pre_tanh_action - jax.nn.softplus(-2 * pre_tanh_action))
    return jnp.sum(gaussian - log_slope, axis=-1)


def uniform_act(action_dim: int) -> ActFn:
    """Build an acting function that draws every action uniformly from [-1, 1], whatever the state and goal."""

    def act(state: Array, goal: Array, key: PRNGKeyArray) -> Array:
        del goal
        return jax.random.uniform(key, (*state.shape[:-1], action_dim), state.dtype, minval=-1.0, maxval=1.0)

    return act


@struct.dataclass(eq=False)
class Policy:
    """An acting function whose parameters are data: a program compiled for one agent serves all of its architecture.

    Pass it to a jitted function as an argument; ``jax.jit(policy)`` works too, and compiles for this agent alone.

    Attributes:
        params: Parameters of actor, state_action_encoder and goal_encoder.
        networks: The agent's networks.
        energy: Kind of critic energy, used by best_of_K alone.
        mode: ``mean``, ``sample`` or ``best_of_K``; see :func:`make_act`.
    """

    params: dict[str, Params]
    networks: Networks = struct.field(pytree_node=False)
    energy: str = struct.field(pytree_node=False)
    mode: str = struct.field(pytree_node=False)

    def __call__(
        self, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"], key: PRNGKeyArray
    ) -> Float[Array, "*batch action_dim"]:
        mean, raw_log_std = self.networks.action_head(self.params["actor"], state, goal)
        if self.mode == "mean":
            return jnp.tanh(mean)
        if self.mode == "sample":
            return sample_action(mean, raw_log_std, key)[0]
        return self._best_action(state, goal, mean, raw_log_std, key)

    def _best_action(self, state: Array, goal: Array, mean: Array, raw_log_std: Array, key: PRNGKeyArray) -> Array:
        draw = jax.vmap(lambda draw_key: sample_action(mean, raw_log_std, draw_key)[0])
        candidates = draw(jax.random.split(key, num_candidates(self.mode)))
        phi_of = functools.partial(self.networks.phi, self.params["state_action_encoder"], state)
        psi = self.networks.psi(self.params["goal_encoder"], goal)
        energies = jax.vmap(lambda action: paired_energy(self.energy, phi_of(action), psi))(candidates)
        best = jnp.argmax(energies, axis=0)
        return jnp.take_along_axis(candidates, best[None, ..., None], axis=0)[0]


def make_act(networks: Networks, params: dict[str, Params], energy: str, mode: str) -> Policy:
    """Build the acting function of a mode.

    Args:
        networks: The agent's networks.
        params: Their parameters: actor, state_action_encoder, goal_encoder.
        energy: Kind of critic energy, used by best_of_K alone.
        mode: ``mean`` (tanh of the mean), ``sample`` (a draw), or ``best_of_K``: the draw, of K, that has the
            largest critic energy.
    Raises:
        ConfigError: If there is no such mode.
    """
    if not re.fullmatch(POLICY_PATTERN, mode):
        raise ConfigError(f"policy mode {shortened(mode)} is not usable: {POLICY_RULE}.")
    return Policy(params, networks, energy, mode)
