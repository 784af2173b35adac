"""The jitted functions of a run, shared by the runs of a process that differ in nothing they depend on."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
from jaxtyping import Array, Bool, Float

from crl_train.config import TrainConfig
from crl_train.evaluation import roll_out_episodes
from crl_train.memory import release_freed_memory
from crl_train.networks import make_networks
from crl_train.policy import make_act
from crl_train.run_envs import episode_steps, evaluation_env, training_env
from crl_train.training_state import collect, init_training_state, learn

_Outcomes: TypeAlias = tuple[
    Float[Array, "episodes steps"], Bool[Array, "episodes steps"], Bool[Array, "episodes steps"]
]


@dataclasses.dataclass(frozen=True)
class CompiledSteps:
    """The jitted functions of a run. States are donated: an old one must not be used again.

    Those of several seeds take and give states whose leaves have a leading axis of seeds; ``evaluate`` does not: it
    stops when every episode of one agent is over.

    Attributes:
        init: From the key of the run's seed to a training state.
        collect: From a state, and whether actions are uniform, to a state.
        learn: From a state to a state and the metrics of every update.
        evaluate: From parameters and a key to distances, reached and active, each (episodes, steps).
        compile: Compile ``collect`` and ``learn``, from what ``init`` takes. Done before there is a state, the
            compiler's memory and the replay's are not needed at the same time.
    """

    init: Callable[..., Any]
    collect: Callable[..., Any]
    learn: Callable[..., Any]
    evaluate: Callable[..., Any]
    compile: Callable[..., None]


# Settings that no compiled function depends on: runs that differ in nothing else share theirs, as the seeds of a sweep.
_ON_THE_HOST = ("seed", "prefill", "total_env_steps", "num_epochs", "policy_every", "resume_every")


def compiled_steps(config: TrainConfig, several_seeds: bool = False) -> CompiledSteps:
    """The compiled functions of a run, shared with runs of this process that need the same.

    Args:
        config: The run's.
        several_seeds: Whether the functions train several seeds at once.
    """
    defaults = {name: TrainConfig.model_fields[name].default for name in _ON_THE_HOST}
    return _compile_steps(config.model_copy(update=defaults), several_seeds)


@functools.lru_cache(maxsize=8)
def _compile_steps(config: TrainConfig, several_seeds: bool) -> CompiledSteps:
    return new_steps(config, several_seeds)


def new_steps(config: TrainConfig, several_seeds: bool = False) -> CompiledSteps:
    """Functions of a run that share nothing with others that were compiled before."""
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    length = episode_steps(config, env)
    eval_env = evaluation_env(config)

    def evaluate(params: Any, key: Array) -> _Outcomes:
        act = make_act(networks, params, config.energy, config.evaluation)
        num_steps = episode_steps(config, eval_env)
        episodes = roll_out_episodes(eval_env, act, key, config.num_eval_episodes, num_steps)
        return episodes.distances, episodes.reached, episodes.active

    def each_seed(function: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
        return jax.vmap(function, in_axes=in_axes) if several_seeds else function

    jitted_init = env.jit(each_seed(functools.partial(init_training_state, config, env, networks)))
    jitted_collect = env.jit(
        each_seed(functools.partial(collect, config, env, networks, length), in_axes=(0, None)), donate_argnums=0
    )
    jitted_learn = jax.jit(each_seed(functools.partial(learn, config, env, networks)), donate_argnums=0)

    def compile_steps(key: Array) -> None:
        state = jax.eval_shape(jitted_init, key)
        jitted_collect.lower(state, False).compile()
        jitted_learn.lower(state).compile()
        release_freed_memory()

    return CompiledSteps(
        init=jitted_init,
        collect=jitted_collect,
        learn=jitted_learn,
        evaluate=eval_env.jit(evaluate),
        compile=compile_steps,
    )
