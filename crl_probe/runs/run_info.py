"""The agent that a number is about, as results and tables store it."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from crl_probe.runs.agent import Agent
from crl_probe.runs.factors import DEFAULT, Level, factor_levels, level_order, level_words


@dataclasses.dataclass(frozen=True, repr=False)
class RunInfo:
    """Everything that a figure or table needs to name an agent.

    ``content_hash`` and ``config_hash`` identify the agent; the other fields say how it is shown and ordered.

    Attributes:
        name: Name of the run's directory.
        label: Its level in words, such as ``depth 16`` or ``actor 4 · critic 16``; equal for runs that differ only by
            seed. If a run has several checkpoints, the label also has the environment steps;
            before training it is ``depth 16, untrained``.
        env: Name of the environment.
        actor_depth: Dense layers inside the actor's residual blocks.
        critic_depth: Dense layers inside the residual blocks of each encoder.
        seed: Training seed.
        env_steps: Environment steps at the checkpoint.
        content_hash: Hash of the checkpoint's content.
        config_hash: Hash of its training settings.
        factors: The factors of the study, and the agent's level in each; depth alone by default.
    """

    name: str
    label: str
    env: str
    actor_depth: int
    critic_depth: int
    seed: int
    env_steps: int
    content_hash: str
    config_hash: str = ""
    factors: Mapping[str, Level] = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.factors:
            depths = {"actor_depth": self.actor_depth, "critic_depth": self.critic_depth}
            object.__setattr__(self, "factors", factor_levels(depths, DEFAULT))

    def __repr__(self) -> str:
        return f"RunInfo({self.name!r}, {self.level}, seed {self.seed}, {self.env_steps:,} env steps)"

    @property
    def level(self) -> str:
        """The level in words, without the environment steps that ``label`` can have."""
        return level_words(self.factors)


def run_infos(runs: Sequence[Agent], by: Sequence[str] = DEFAULT) -> tuple[RunInfo, ...]:
    """Name agents for results and tables; if one has several checkpoints, all names contain their steps.

    Args:
        runs: The agents of one comparison.
        by: The factors of the study.
    """
    several = len({run.path for run in runs}) < len(runs)
    return tuple(_run_info(run, by, several) for run in runs)


def _run_info(run: Agent, by: Sequence[str], several: bool) -> RunInfo:
    factors = factor_levels(run.settings, by)
    label = level_words(factors)
    return RunInfo(
        name=f"{run.name}@{run.env_steps}" if several else run.name,
        label=_label(label, run.env_steps, several),
        env=run.env.name,
        actor_depth=int(run.settings["actor_depth"] or 0),
        critic_depth=int(run.settings["critic_depth"] or 0),
        seed=int(run.settings["seed"] or 0),
        env_steps=int(run.env_steps),
        content_hash=str(run.content_hash),
        config_hash=hashlib.sha256(repr(sorted(run.settings.items())).encode()).hexdigest()[:16],
        factors=factors,
    )


def _label(level: str, env_steps: int, several: bool) -> str:
    if env_steps == 0:
        return f"{level}, untrained"
    return f"{level} · {env_steps:,} steps" if several else level


def place_in_order(run: RunInfo) -> tuple[object, ...]:
    """Sort key by level, and within a level from early to late checkpoints."""
    return (level_order(run.factors), run.env_steps, run.label)


def labels_in_order(runs: Iterable[RunInfo]) -> tuple[str, ...]:
    """The distinct labels of the runs, by level and from early to late checkpoints."""
    return tuple(dict.fromkeys(run.label for run in sorted(runs, key=place_in_order)))


def levels_in_order(runs: Iterable[RunInfo]) -> tuple[str, ...]:
    """The distinct levels of the runs in words, in order."""
    return tuple(dict.fromkeys(run.level for run in sorted(runs, key=place_in_order)))
