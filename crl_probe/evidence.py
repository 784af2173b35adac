"""What probes look at, recorded once and shared: on-policy episodes, the shared probe set and their embeddings.

Everything is made when first asked for. Recorded episodes and the probe set are cached on disk for each agent, so
that adding one run to a comparison rolls out that run alone; embeddings live as long as this object.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from crl_probe.cache import cached
from crl_probe.collect import OnPolicyEpisodes, collect_on_policy, run_info
from crl_probe.encode import encode_phi, encode_psi
from crl_probe.probe_set import ProbeSet, build_probe_set
from crl_probe.results import RunInfo
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

Progress = Callable[[str], None]


def silent(_text: str) -> None:
    """The progress callback of those who do not listen."""


@dataclasses.dataclass(frozen=True)
class EvidenceSettings:
    """How much is recorded.

    Attributes:
        episodes: On-policy episodes of each agent.
        episode_length: Steps of each; None takes what the agents were trained with.
        probe_set_episodes: Episodes in the shared set, drawn evenly from all agents; fewer if fewer are recorded.
        goals: Shared goals.
        seed: Decides starts, goals and what is drawn into the shared set.
    """

    episodes: int = 64
    episode_length: int | None = None
    probe_set_episodes: int = 24
    goals: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("episodes", "probe_set_episodes", "goals"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)} is not usable: it must be at least 1. Use 8 or more.")


class Evidence:
    """The evidence about some agents of one environment.

    Args:
        runs: The agents, in the order of every result.
        settings: How much is recorded.
        use_cache: Whether recordings are looked up and kept on disk.
        progress: Told what is about to take time.

    Raises:
        ConfigError: If there is no run, or runs of several environments.
    """

    def __init__(
        self,
        runs: Sequence["LoadedRun"],
        settings: EvidenceSettings,
        *,
        use_cache: bool = True,
        progress: Progress = silent,
    ) -> None:
        names = sorted({run.config.env for run in runs})
        if len(names) != 1:
            raise ConfigError(f"runs of {', '.join(names) or 'no environment'}: evidence is about one environment.")
        self.runs = tuple(runs)
        self.settings = settings
        self.use_cache = use_cache
        self.progress = progress

    @property
    def env(self) -> GoalEnv:
        """The environment of all the runs."""
        return self.runs[0].env

    @property
    def episode_length(self) -> int:
        """Steps of every episode: as asked, or the shortest that any of the agents was trained with."""
        trained = [run.config.episode_length or run.env.spec.episode_length for run in self.runs]
        return self.settings.episode_length or min(trained)

    @functools.cached_property
    def infos(self) -> tuple[RunInfo, ...]:
        """Names of the agents, as results carry them."""
        return tuple(run_info(run) for run in self.runs)

    @functools.cached_property
    def episodes(self) -> tuple[OnPolicyEpisodes, ...]:
        """Each agent's own episodes: the same starts and commanded goals for all."""
        return tuple(self._episodes_of(run, info) for run, info in zip(self.runs, self.infos, strict=True))

    @functools.cached_property
    def probe_set(self) -> ProbeSet:
        """The shared states, actions and goals."""
        s = self.settings
        pooled = min(s.probe_set_episodes, s.episodes * len(self.runs))
        return cached(
            "probe_set",
            ProbeSet,
            self.infos,
            s,
            s.seed,
            lambda: build_probe_set(self.env, self.episodes, pooled, s.goals, s.seed),
            enabled=self.use_cache,
        )

    @functools.cached_property
    def shared_phi(self) -> tuple[Float[np.ndarray, "points repr_dim"], ...]:
        """Each agent's embeddings of the shared state-actions."""
        return tuple(self._encode(run, self.probe_set.states, self.probe_set.actions) for run in self.runs)

    @functools.cached_property
    def goal_psi(self) -> tuple[Float[np.ndarray, "goals repr_dim"], ...]:
        """Each agent's embeddings of the shared goals."""
        return tuple(encode_psi(run, self.probe_set.goals) for run in self.runs)

    @functools.cached_property
    def on_policy_phi(self) -> tuple[Float[np.ndarray, "episodes steps repr_dim"], ...]:
        """Each agent's embeddings of the state-actions of its own episodes."""
        embedded = []
        for run, record in zip(self.runs, self.episodes, strict=True):
            count, steps, action_dim = record.actions.shape
            states = record.states[:, :-1].reshape(count * steps, -1)
            phi = self._encode(run, states, record.actions.reshape(-1, action_dim))
            embedded.append(phi.reshape(count, steps, -1))
        return tuple(embedded)

    def _episodes_of(self, run: "LoadedRun", info: RunInfo) -> OnPolicyEpisodes:
        s = self.settings
        length = self.episode_length
        recording = _RecordingSettings(s.episodes, length)

        def record() -> OnPolicyEpisodes:
            self.progress(f"rolling out {run.name}")
            return collect_on_policy(run, s.episodes, length, s.seed)

        return cached("episodes", OnPolicyEpisodes, [info], recording, s.seed, record, enabled=self.use_cache)

    def _encode(self, run: "LoadedRun", states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        self.progress(f"embedding {len(states)} states with {run.name}")
        return encode_phi(run, states, actions)


@dataclasses.dataclass(frozen=True)
class _RecordingSettings:
    episodes: int
    episode_length: int
