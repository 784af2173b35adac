"""The least memory that a run takes, from its settings alone, and the refusal of a run that cannot fit."""

from crl_train.config import LAYERS_PER_BLOCK, TrainConfig, num_candidates
from crl_train.device import first_device, free_memory
from crl_train.memory import in_words, require_memory
from crl_train.run_envs import episode_steps, training_env

_BYTES = 4  # of a float32 and of an int32
_BYTES_OF = {"float32": 4, "bfloat16": 2, "float16": 2}
_NETWORKS = "width or depth"  # what every device holds whole


def check_size(config: TrainConfig, num_seeds: int = 1, *, devices: int = 1, begun: bool = False) -> None:
    """Refuse a run that cannot fit into memory, before anything is made.

    Args:
        config: The run's settings.
        num_seeds: Runs of these settings that are trained in one program.
        devices: How many devices share it: each must hold its part, and processors of one machine all of them.
        begun: Whether the run exists: its replay stays of the type it has, so that another one is no way out.

    Raises:
        ConfigError: If it cannot; the message has both numbers, the settings to lower, and a smaller type of the replay
            if the run would fit with it.
    """
    env = training_env(config)

    def sizes_of(config: TrainConfig) -> dict[str, int]:
        one = run_size(config, env.state_dim, env.action_dim, env.goal_dim, episode_steps(config, env))
        return {name: num_seeds * size // (1 if name == _NETWORKS else devices) for name, size in one.items()}

    on_one_machine = first_device().platform == "cpu"
    free, way_out = free_memory() // (devices if on_one_machine else 1), ""
    smaller = sum(sizes_of(config.model_copy(update={"replay_dtype": "float16"})).values())
    if smaller <= free and not begun and config.replay_dtype == "float32":
        way_out = f"store states and actions with --replay-dtype float16, which brings it to {in_words(smaller)}"
    what = "this run" if num_seeds == 1 else f"a program of {num_seeds} seeds of this run"
    require_memory(what, sizes_of(config), free, way_out)


def run_size(
    config: TrainConfig, state_dim: int, action_dim: int, goal_dim: int, episode_length: int
) -> dict[str, int]:
    """Bytes of what a run holds, by the settings that decide each part.

    A lower bound: what compiled programs hold in between depends on the machine.

    Args:
        config: The run's settings.
        state_dim: Entries of a state.
        action_dim: Entries of an action.
        goal_dim: Entries of a goal.
        episode_length: Steps of an episode of the evaluation.

    Example:
        >>> sizes = run_size(make_config({"env": "point_u_maze"}), 4, 2, 2, 1000)
        >>> sizes["max_replay_size or num_envs"]
        163840000
    """
    width, batch = config.width, config.batch_size
    actor = _parameters(config, config.actor_depth, state_dim + goal_dim, 2 * action_dim)
    critic = sum(
        _parameters(config, config.critic_depth, entries, config.repr_dim)
        for entries in (state_dim + action_dim, goal_dim)
    )
    # Outputs of layers that one backward pass needs: through both encoders, or through the actor and one of them.
    layers = config.critic_depth + max(config.critic_depth, config.actor_depth)
    numbers = state_dim + action_dim
    ids = 2 * _BYTES  # of a row's trajectory, and the newest row of one
    acting = max(
        num_candidates(config.exploration) * config.num_envs,
        num_candidates(config.evaluation) * config.num_eval_episodes,
    )
    return {
        _NETWORKS: _BYTES * 3 * (actor + critic),  # parameters and both moments of Adam
        "max_replay_size or num_envs": config.max_replay_size
        * config.num_envs
        * (_BYTES_OF[config.replay_dtype] * numbers + ids),
        "unroll_length or num_envs": _BYTES * config.unroll_length * config.num_envs * (numbers + 1),
        "batch_size, width or depth": _BYTES_OF[config.precision] * batch * width * layers + _BYTES * batch * batch,
        "num_eval_episodes or episode_length": (_BYTES + 2) * config.num_eval_episodes * episode_length,
        "width or K of best_of_K": _BYTES * acting * width,
    }


def _parameters(config: TrainConfig, depth: int, entries: int, out: int) -> int:
    """Parameters of a network: stem, hidden layers of its residual blocks, head."""
    width = config.width
    per_unit = 3 if config.layer_norm else 1  # a bias; LayerNorm's scale and bias
    layers = depth // LAYERS_PER_BLOCK * LAYERS_PER_BLOCK
    return width * (entries + per_unit) + layers * width * (width + per_unit) + (width + 1) * out
