"""Everything that decides how a run turns out: one frozen, validated ``TrainConfig``.

The defaults are the values of the reference trainer of arXiv 2503.14858 (the ``paper`` preset). The command line
is generated from these fields, so a setting is declared, described, defaulted and checked here and nowhere else.
"""

import difflib
import os
from collections.abc import Mapping
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from crl_train.errors import ConfigError, CrlError
from crl_train.local_path import local_path
from crl_train.parsing import parse_json, parse_yaml, read_bounded, shortened
from crl_train.presets import preset_values
from crl_train.run_dir import run_name

LAYERS_PER_BLOCK = 4
"""Dense layers inside one residual block. Source: arXiv 2503.14858 section 4.1."""

LARGEST_MAZE = 20_000
"""Characters of a maze given as text; it has 100 cells a side at most."""

POLICY_PATTERN = r"^(mean|sample|best_of_[1-9][0-9]{0,3})$"
"""Modes of acting. The critic scores K candidates side by side, so K has four digits at most."""

POLICY_RULE = "acting is mean, sample or best_of_K, such as best_of_8, with K up to 9999"

# The largest values of settings. Whether a run fits into memory is another question: see memory.py.
_INT32 = 2**31 - 1  # counters on the device are 32-bit integers
_MOST_ENV_STEPS = 2**53  # counts up to here are exact as numbers of JSON and in float64
_MOST_EPOCHS = 1_000_000  # each leaves a folder, and a line that every reader holds in memory
_MOST_SIDE_BY_SIDE = 2**20  # environments, episodes: each is an entry of a batch
_MOST_STEPS = 2**24  # steps in a row: float32, which future goals are drawn in, counts them one by one up to here
_MOST_UNITS = 2**15  # width, representation, batch: their squares, the sizes of matrices, are below 2**31
_MOST_LAYERS = 2**16  # 64 times the deepest networks of the paper

_LARGEST_FILE = 100_000  # bytes of a file of settings, which holds some forty lines

Energy = Literal["norm", "l2", "dot", "cosine"]
ContrastiveLoss = Literal["forward_infonce", "backward_infonce", "symmetric_infonce", "binary_nce"]
Precision = Literal["float32", "bfloat16"]
ReplayType = Literal["float32", "float16"]
Reference = Literal["scaling-crl", "jaxgcrl"]
Backend = Literal["spring", "generalized", "positional", "mjx", "mujoco", "warp"]


def _field(default: Any, group: str, description: str, *, if_none: str = "", **rules: Any) -> Any:
    """Declare a setting together with the heading that ``--help`` lists it under, and what None stands for."""
    return Field(default, description=description, json_schema_extra={"group": group, "if_none": if_none}, **rules)


def num_candidates(mode: str) -> int:
    """Actions that a mode draws for each state.

    Example:
        >>> num_candidates("best_of_10"), num_candidates("mean")
        (10, 1)
    """
    return int(mode.removeprefix("best_of_")) if mode.startswith("best_of_") else 1


class TrainConfig(BaseModel):
    """All settings of one run; immutable, and every combination that exists can be trained.

    Raises:
        ConfigError: Through ``make_config``, if a value or a combination cannot be used, or a key is unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    env: str = _field(..., "Task", "Environment to train on; `crl-train envs` lists them.")
    seed: int = _field(0, "Task", "Seed of everything random in the run.", ge=0, le=2**32 - 1)
    eval_env: str | None = _field(
        None, "Task", "Environment to evaluate on, of equal state, goal and action sizes.", if_none="ENV"
    )
    episode_length: int | None = _field(
        None, "Task", "Steps per episode.", if_none="the environment's", ge=1, le=_MOST_STEPS
    )

    reference: Reference | None = _field(
        None,
        "Task",
        "Reproduce the environment of a reference trainer, defects included; docs/environments.md lists them.",
        if_none="ours",
    )
    backend: Backend | None = _field(None, "Task", "Physics that steps a robot.", if_none="the environment's")
    maze: str | None = _field(
        None,
        "Task",
        "A maze as text, rows on lines of their own; the environment is then <robot>_<name of the maze>.",
        if_none="the layout that ENV names",
        max_length=LARGEST_MAZE,
    )

    total_env_steps: int = _field(
        100_000_000, "Budget", "Environment steps in all, prefill included.", ge=1, le=_MOST_ENV_STEPS
    )
    num_epochs: int = _field(
        100, "Budget", "Epochs; each ends with an evaluation and a checkpoint.", ge=1, le=_MOST_EPOCHS
    )
    num_envs: int = _field(512, "Budget", "Environments stepped side by side.", ge=1, le=_MOST_SIDE_BY_SIDE)
    unroll_length: int = _field(
        62, "Budget", "Steps taken in every environment between two rounds of updates.", ge=1, le=_MOST_STEPS
    )
    updates_per_unroll: int = _field(800, "Budget", "Gradient updates after each unroll.", ge=1, le=_MOST_EPOCHS)

    actor_depth: int = _field(
        4, "Networks", "Dense layers inside the actor's residual blocks, a multiple of 4.", le=_MOST_LAYERS
    )
    critic_depth: int = _field(
        4, "Networks", "Dense layers inside each encoder's residual blocks, a multiple of 4.", le=_MOST_LAYERS
    )
    width: int = _field(256, "Networks", "Units per hidden layer.", ge=1, le=_MOST_UNITS)
    repr_dim: int = _field(64, "Networks", "Dimension of the representations φ and ψ.", ge=1, le=_MOST_UNITS)
    activation: Literal["swish", "relu"] = _field("swish", "Networks", "Activation after each hidden layer.")
    layer_norm: bool = _field(True, "Networks", "Normalise each hidden layer before its activation.")
    residual: bool = _field(True, "Networks", "Add a block's input to its output.")
    precision: Precision = _field("float32", "Networks", "What the layers of residual blocks compute in.")

    energy: Energy = _field("norm", "Critic", "Critic energy: minus distance, minus squared distance, dot or cosine.")
    contrastive_loss: ContrastiveLoss = _field("forward_infonce", "Critic", "Contrastive loss of the critic.")
    logsumexp_penalty: float = _field(0.1, "Critic", "Weight of the squared log-partition penalty.", ge=0)
    discount: float = _field(0.99, "Critic", "γ of the geometric law that future goals are drawn from.", gt=0, lt=1)
    batch_size: int = _field(
        256, "Critic", "State-action-goal triples per update; the rest of a batch are negatives.", ge=2, le=_MOST_UNITS
    )

    target_entropy_scale: float = _field(
        0.5, "Actor", "Target entropy is minus this many nats per action dimension.", ge=0
    )
    entropy_bonus: bool = _field(True, "Actor", "Reward the actor's entropy; off leaves the energy alone.")
    exploration: str = _field(
        "sample", "Actor", "Acting while collecting: mean, sample or best_of_K.", pattern=POLICY_PATTERN
    )

    prefill: Literal["policy", "uniform"] = _field(
        "policy", "Actor", "Acting before the first update: the untrained policy, or uniformly random actions."
    )

    actor_lr: float = _field(3e-4, "Optimisers", "Adam step size of the actor.", gt=0)
    critic_lr: float = _field(3e-4, "Optimisers", "Adam step size of both encoders.", gt=0)
    entropy_lr: float = _field(3e-4, "Optimisers", "Adam step size of the entropy coefficient.", gt=0)

    max_replay_size: int = _field(10_000, "Replay", "Steps kept per environment.", ge=2, le=_MOST_STEPS)
    replay_dtype: ReplayType = _field(
        "float32", "Replay", "Type that states and actions are stored in; float16 takes half the memory."
    )
    min_replay_size: int = _field(
        1_000, "Replay", "Steps collected per environment before the first update.", ge=2, le=_MOST_STEPS
    )

    num_eval_episodes: int = _field(128, "Evaluation", "Fresh episodes after each epoch.", ge=1, le=_MOST_SIDE_BY_SIDE)
    evaluation: str = _field(
        "mean", "Evaluation", "Acting while evaluating: mean, sample or best_of_K.", pattern=POLICY_PATTERN
    )

    policy_every: int = _field(
        1, "Checkpoints", "Epochs between two policy checkpoints; the last epoch is always kept.", ge=1, le=_MOST_EPOCHS
    )
    resume_every: int = _field(1, "Checkpoints", "Epochs between two resume points.", ge=1, le=_MOST_EPOCHS)

    @pydantic.field_validator("actor_depth", "critic_depth")
    @classmethod
    def _depth_is_whole_blocks(cls, depth: int) -> int:
        if problem := depth_problem(depth):
            raise ValueError(problem)
        return depth

    @pydantic.field_validator("maze")
    @classmethod
    def _maze_is_its_rows(cls, maze: str | None) -> str | None:
        """Leave out blanks and empty lines, so that equal mazes are equal texts."""
        return maze and "\n".join(row for row in map(str.strip, maze.splitlines()) if row)

    @pydantic.model_validator(mode="after")
    def _rows_can_be_counted(self) -> "TrainConfig":
        rows = self.total_env_steps // self.num_envs
        if rows > _INT32:
            raise ValueError(
                f"total_env_steps={self.total_env_steps} is too large: it takes {rows} steps in each of num_envs="
                f"{self.num_envs} environments, and the replay counts to {_INT32}. Lower it, or raise num_envs"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _replay_can_serve_updates(self) -> "TrainConfig":
        if self.unroll_length > self.max_replay_size:
            raise ValueError(
                f"unroll_length={self.unroll_length} does not fit: the replay keeps max_replay_size="
                f"{self.max_replay_size} steps per environment. Lower the one or raise the other"
            )
        if self.min_replay_size > self.max_replay_size:
            raise ValueError(
                f"min_replay_size={self.min_replay_size} can never be reached: the replay keeps max_replay_size="
                f"{self.max_replay_size} steps per environment. Lower the one or raise the other"
            )
        held = self.num_envs * self.min_replay_size
        if self.batch_size > held:
            raise ValueError(
                f"batch_size={self.batch_size} is more than the replay holds at the first update: num_envs × "
                f"min_replay_size = {self.num_envs} × {self.min_replay_size} = {held} steps. Lower batch_size or raise "
                "one of those"
            )
        return self

    @property
    def depth(self) -> int | None:
        """The common depth, or None if actor and critic differ."""
        return self.actor_depth if self.actor_depth == self.critic_depth else None

    @property
    def name(self) -> str:
        """Default name of the run's directory."""
        return run_name(self.env, self.actor_depth, self.critic_depth, self.seed)


def make_config(values: Mapping[str, Any], preset: str = "paper") -> TrainConfig:
    """Build a config from a preset and the values that override it.

    Raises:
        ConfigError: One line that names the first unusable value, the rule and a way out.

    Example:
        >>> make_config({"env": "point_u_maze", "critic_depth": 64}, preset="smoke").name
        'point_u_maze_a4c64_s0'
    """
    return _checked({**preset_values(preset, values.get("env")), **values}, "", ConfigError)


def config_from_values(values: Any, source: str, error: type[CrlError] = ConfigError) -> TrainConfig:
    """Build a config from what a file holds.

    Args:
        values: What should be a mapping of settings.
        source: Name of the file, which begins every message.
        error: The error to raise.

    Raises:
        error: As :func:`make_config`.
    """
    return _checked(values, f"{source}: ", error)


def depth_problem(depth: int) -> str:
    """Why a network cannot have this depth, with those near it that it can have; empty if it can.

    Example:
        >>> depth_problem(8), depth_problem(6)[-10:]
        ('', 'Use 4 or 8')
    """
    if depth >= LAYERS_PER_BLOCK and depth % LAYERS_PER_BLOCK == 0:
        return ""
    below = max(LAYERS_PER_BLOCK, depth // LAYERS_PER_BLOCK * LAYERS_PER_BLOCK)
    usable = [below] if depth < LAYERS_PER_BLOCK else [below, below + LAYERS_PER_BLOCK]
    return (
        f"a residual block holds {LAYERS_PER_BLOCK} Dense layers, so depth must be a positive multiple of "
        f"{LAYERS_PER_BLOCK}. Use {' or '.join(map(str, usable))}"
    )


def read_overrides(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read settings from a YAML or JSON file.

    Raises:
        ConfigError: If the file cannot be read as a mapping of settings.
    """
    path = local_path(path, "config file")
    source = f"config file {str(path)!r}"
    try:
        text = read_bounded(path, _LARGEST_FILE, source)
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror}.") from None
    values = (parse_json if path.suffix == ".json" else parse_yaml)(text, source)
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ConfigError(f"{source} holds no settings: write one `name: value` a line.")
    return values


def _checked(values: Any, prefix: str, error: type[CrlError]) -> TrainConfig:
    try:
        return TrainConfig.model_validate(values)
    except pydantic.ValidationError as problems:
        raise error(prefix + _explain(problems)) from None


def _explain(error: pydantic.ValidationError) -> str:
    """Turn pydantic's report into the project's one-line form; the first problem is enough to go on."""
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    reason = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name[:80], TrainConfig.model_fields, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(TrainConfig.model_fields)}."
        return f"unknown setting {shortened(name)}: no setting has this name. {hint}"
    if problem["type"] == "missing":
        return f"{name} is missing: every run needs one."
    if problem["type"] == "model_type":
        return f"{shortened(problem['input'])} is no set of settings: they are names with values."
    if problem["type"] == "string_pattern_mismatch":
        reason = POLICY_RULE
    if not name:
        return f"{reason}."
    return f"{name}={shortened(problem['input'])} is not usable: {reason[0].lower()}{reason[1:]}."
