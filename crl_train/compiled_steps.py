"""The jitted functions of a run, shared by the runs of a process that differ in nothing they depend on."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float

from crl_train.config import TrainConfig
from crl_train.device_mesh import num_devices, on_every, split_along, traced_on
from crl_train.evaluation import roll_out_episodes
from crl_train.memory import release_freed_memory
from crl_train.networks import make_networks
from crl_train.numerics import random_key
from crl_train.policy import make_act
from crl_train.run_envs import episode_steps, evaluation_env, training_env
from crl_train.sharding import state_layout
from crl_train.training_state import TrainingState, collect, init_training_state, learn

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
        layout: Where each leaf of a state is, if several devices share the run.
    """

    init: Callable[..., Any]
    collect: Callable[..., Any]
    learn: Callable[..., Any]
    evaluate: Callable[..., Any]
    compile: Callable[..., None]
    layout: TrainingState | None = None


# Settings that no compiled function depends on: runs that differ in nothing else share theirs, as the seeds of a sweep.
_ON_THE_HOST = ("seed", "prefill", "total_env_steps", "num_epochs", "policy_every", "resume_every")


def compiled_steps(config: TrainConfig, several_seeds: bool = False, mesh: Mesh | None = None) -> CompiledSteps:
    """The compiled functions of a run, shared with runs of this process that need the same.

    Args:
        config: The run's.
        several_seeds: Whether the functions train several seeds side by side.
        mesh: The devices that share the run, if there are several; see ``sharding``. They train one seed.
    """
    defaults = {name: TrainConfig.model_fields[name].default for name in _ON_THE_HOST}
    return _compile_steps(config.model_copy(update=defaults), several_seeds, mesh)


@functools.lru_cache(maxsize=8)
def _compile_steps(config: TrainConfig, several_seeds: bool, mesh: Mesh | None) -> CompiledSteps:
    return new_steps(config, several_seeds, mesh)


def new_steps(config: TrainConfig, several_seeds: bool = False, mesh: Mesh | None = None) -> CompiledSteps:
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

    init = functools.partial(init_training_state, config, env, networks)
    collect_ = functools.partial(collect, config, env, networks, length)
    learn_ = functools.partial(learn, config, env, networks)
    if mesh is None:
        if several_seeds:
            init, collect_, learn_ = jax.vmap(init), jax.vmap(collect_, in_axes=(0, None)), jax.vmap(learn_)
        state = None
        jitted_init = env.jit(init)
        jitted_collect = env.jit(collect_, donate_argnums=0)
        jitted_learn = jax.jit(learn_, donate_argnums=0)
        jitted_evaluate = eval_env.jit(evaluate)
    else:
        whole, state = on_every(mesh), state_layout(mesh, jax.eval_shape(init, random_key(0)))
        # Episodes that do not divide are rolled out by every device, all of them.
        divides = config.num_eval_episodes % num_devices(mesh) == 0
        episodes, among = (split_along(mesh, 0), mesh) if divides else (whole, None)
        in_and_out = {"in_shardings": (state, whole), "out_shardings": state}
        jitted_init = env.jit(traced_on(mesh, init), in_shardings=whole, out_shardings=state)
        jitted_collect = env.jit(traced_on(mesh, collect_), donate_argnums=0, **in_and_out)
        jitted_learn = jax.jit(
            traced_on(mesh, learn_), donate_argnums=0, in_shardings=(state,), out_shardings=(state, whole)
        )
        jitted_evaluate = eval_env.jit(traced_on(among, evaluate), in_shardings=whole, out_shardings=episodes)

    def compile_steps(key: Array) -> None:
        shapes = jax.eval_shape(jitted_init, key)
        jitted_collect.lower(shapes, False).compile()
        jitted_learn.lower(shapes).compile()
        release_freed_memory()

    return CompiledSteps(
        init=jitted_init,
        collect=jitted_collect,
        learn=jitted_learn,
        evaluate=jitted_evaluate,
        compile=compile_steps,
        layout=state,
    )
