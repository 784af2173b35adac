"""Which agent a number is about: its name, its settings and its content, as results and tables carry them."""

import dataclasses
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class RunInfo:
    """Which agent a number is about; everything a figure or table needs to name it.

    Attributes:
        name: Name of the run's directory.
        label: Depth in words, such as ``depth 16`` or ``actor 4 · critic 16``; equal for runs that differ by seed.
        env: Name of the environment.
        actor_depth: Dense layers inside the actor's residual blocks.
        critic_depth: The same for both encoders.
        seed: Training seed.
        env_steps: Environment steps at the checkpoint.
        content_hash: Hash of the checkpoint's content.
        config_hash: Hash of the settings that it was trained with.
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

    @property
    def depth(self) -> str:
        """The depth in words, without the steps that ``label`` has where runs have several checkpoints."""
        return depth_words(self.actor_depth, self.critic_depth)


def depth_words(actor_depth: int, critic_depth: int) -> str:
    """A depth as people read it: one number, or two where actor and critic differ.

    Example:
        >>> depth_words(16, 16), depth_words(4, 16)
        ('depth 16', 'actor 4 · critic 16')
    """
    return f"depth {actor_depth}" if actor_depth == critic_depth else f"actor {actor_depth} · critic {critic_depth}"


def place_in_order(run: RunInfo) -> tuple[int, int, int, str]:
    """Sort key from shallow to deep, and within a depth from early to late checkpoints."""
    return (run.critic_depth, run.actor_depth, run.env_steps, run.label)


def depth_order(runs: Iterable[RunInfo]) -> tuple[str, ...]:
    """The labels of the runs, shallow to deep, each once."""
    return tuple(dict.fromkeys(run.label for run in sorted(runs, key=place_in_order)))
