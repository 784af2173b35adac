"""One gradient update of critic, actor and entropy coefficient, all from the networks as they were before it."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.config import TrainConfig
from crl_train.energy import all_pairs_energy, paired_energy
from crl_train.envs.goal_env import GoalEnv
from crl_train.losses import (
    CONTRASTIVE_LOSSES,
    actor_loss,
    categorical_accuracy,
    entropy_coefficient_loss,
    logsumexp_penalty,
    mean_off_diagonal,
)
from crl_train.networks import Networks, Params, init_params, sizes_of
from crl_train.policy import sample_action
from crl_train.relabel import ContrastiveBatch

Metrics = dict[str, Float[Array, ""]]
CRITIC = ("state_action_encoder", "goal_encoder")


@struct.dataclass
class LearnerState:
    """Everything that learning changes.

    Attributes:
        params: Parameters of actor, state_action_encoder and goal_encoder.
        log_entropy_coefficient: log α.
        actor_opt: Adam moments of the actor.
        critic_opt: Adam moments of both encoders.
        entropy_opt: Adam moments of log α.
    """

    params: dict[str, Params]
    log_entropy_coefficient: Float[Array, ""]
    actor_opt: optax.OptState
    critic_opt: optax.OptState
    entropy_opt: optax.OptState

    @property
    def critic_params(self) -> dict[str, Params]:
        return {name: self.params[name] for name in CRITIC}


def init_learner(config: TrainConfig, networks: Networks, env: GoalEnv, key: PRNGKeyArray) -> LearnerState:
    """Fresh parameters and optimiser moments; the entropy coefficient starts at 1."""
    params = init_params(networks, sizes_of(env), key)
    log_entropy_coefficient = jnp.zeros(())
    return LearnerState(
        params=params,
        log_entropy_coefficient=log_entropy_coefficient,
        actor_opt=optax.adam(config.actor_lr).init(params["actor"]),
        critic_opt=optax.adam(config.critic_lr).init({name: params[name] for name in CRITIC}),
        entropy_opt=optax.adam(config.entropy_lr).init(log_entropy_coefficient),
    )


def critic_objective(
    critic_params: dict[str, Params], config: TrainConfig, networks: Networks, batch: ContrastiveBatch
) -> tuple[Float[Array, ""], tuple[Float[Array, "batch repr_dim"], Metrics]]:
    """Contrastive loss plus log-partition penalty; also returns ψ of the goals, which the actor update needs again."""
    phi = networks.phi(critic_params["state_action_encoder"], batch.state, batch.action)
    psi = networks.psi(critic_params["goal_encoder"], batch.goal)
    logits = all_pairs_energy(config.energy, phi, psi)
    contrastive = CONTRASTIVE_LOSSES[config.contrastive_loss](logits)
    penalty = logsumexp_penalty(logits)
    loss = contrastive + config.logsumexp_penalty * penalty
    metrics = {
        "critic/loss": loss,
        "critic/contrastive_loss": contrastive,
        "critic/logsumexp_penalty": penalty,
        "critic/categorical_accuracy": categorical_accuracy(logits),
        "critic/positive_energy": jnp.mean(jnp.diagonal(logits)),
        "critic/negative_energy": mean_off_diagonal(logits),
    }
    return loss, (psi, metrics)


def actor_objective(
    actor_params: Params,
    state_action_params: Params,
    psi: Float[Array, "batch repr_dim"],
    entropy_coefficient: Float[Array, ""],
    config: TrainConfig,
    networks: Networks,
    batch: ContrastiveBatch,
    key: PRNGKeyArray,
) -> tuple[Float[Array, ""], tuple[Float[Array, " batch"], Metrics]]:
    """Actor loss on the relabelled goals; also returns log π of the actions drawn, for the entropy coefficient."""
    mean, raw_log_std = networks.action_head(actor_params, batch.state, batch.goal)
    action, log_prob = sample_action(mean, raw_log_std, key)
    phi = networks.phi(state_action_params, batch.state, action)
    energy = paired_energy(config.energy, phi, psi)
    loss = actor_loss(energy, log_prob, entropy_coefficient if config.entropy_bonus else jnp.zeros(()))
    metrics = {"actor/loss": loss, "actor/entropy": -jnp.mean(log_prob), "actor/energy": jnp.mean(energy)}
    return loss, (log_prob, metrics)


def update(
    config: TrainConfig,
    networks: Networks,
    env: GoalEnv,
    learner: LearnerState,
    batch: ContrastiveBatch,
    key: PRNGKeyArray,
) -> tuple[LearnerState, Metrics]:
    """Make one Adam step on each of the three objectives.

    Source: arXiv 2503.14858's reference trainer, whose actor step also sees the critic of before the critic step.
    """
    critic_grad = jax.value_and_grad(critic_objective, has_aux=True)
    (_, (psi, critic_metrics)), critic_grads = critic_grad(learner.critic_params, config, networks, batch)

    entropy_coefficient = jnp.exp(learner.log_entropy_coefficient)
    actor_grad = jax.value_and_grad(actor_objective, has_aux=True)
    (_, (log_prob, actor_metrics)), actor_grads = actor_grad(
        learner.params["actor"],
        learner.params["state_action_encoder"],
        psi,
        entropy_coefficient,
        config,
        networks,
        batch,
        key,
    )

    target_entropy = -config.target_entropy_scale * env.action_dim
    entropy_loss, entropy_grad = jax.value_and_grad(entropy_coefficient_loss)(
        learner.log_entropy_coefficient, log_prob, target_entropy
    )

    actor_params, actor_opt = _adam(config.actor_lr, actor_grads, learner.actor_opt, learner.params["actor"])
    critic_params, critic_opt = _adam(config.critic_lr, critic_grads, learner.critic_opt, learner.critic_params)
    log_entropy_coefficient, entropy_opt = _adam(
        config.entropy_lr, entropy_grad, learner.entropy_opt, learner.log_entropy_coefficient
    )
    metrics = {
        **critic_metrics,
        **actor_metrics,
        "entropy/loss": entropy_loss,
        "entropy/coefficient": entropy_coefficient,
    }
    return (
        LearnerState(
            params={"actor": actor_params, **critic_params},
            log_entropy_coefficient=log_entropy_coefficient,
            actor_opt=actor_opt,
            critic_opt=critic_opt,
            entropy_opt=entropy_opt,
        ),
        metrics,
    )


def _adam(learning_rate: float, grads: Any, opt_state: optax.OptState, params: Any) -> tuple[Any, optax.OptState]:
    """One Adam step on any tree of parameters, with optax's defaults."""
    updates, opt_state = optax.adam(learning_rate).update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state
