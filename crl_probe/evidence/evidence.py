"""The data that all probes share: on-policy episodes, the shared probe set and their embeddings.

Everything is computed when it is first needed. The episodes of each agent and the probe set are cached on disk, so
that only the new run is rolled out when a run is added to a comparison. Embeddings stay in memory with the object.
"""

import dataclasses
import functools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from jaxtyping import Float

from crl_probe.evidence import limits
from crl_probe.evidence.episodes import OnPolicyEpisodes, collect_on_policy
from crl_probe.evidence.places import achieved_goals
from crl_probe.evidence.probe_set import Points, ProbeSet, check_fits, content_of
from crl_probe.evidence.probe_set_sampling import build_probe_set, choose_goals
from crl_probe.runs.agent import Agent, EmbeddingAgent, LayeredAgent
from crl_probe.runs.encode import encode_phi, encode_psi
from crl_probe.runs.factors import DEFAULT
from crl_probe.runs.progress import ProgressListener, silent
from crl_probe.runs.run_info import RunInfo, run_infos
from crl_probe.runs.workers import map_runs
from crl_probe.store.cache import cached
from crl_train.errors import ConfigError
from crl_train.memory import free_host_memory, require_memory
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv


Number = TypeVar("Number")


@dataclasses.dataclass(frozen=True)
class EvidenceSettings:
    """How much is recorded.

    Attributes:
        episodes: On-policy episodes of each agent.
        episode_length: Steps of each; None takes the length that the agents were trained with.
        points: State-actions in the shared set, drawn evenly from all agents; fewer if fewer are recorded.
        paths: Whole episodes in the shared set, for projections; fewer if fewer are recorded.
        goals: Number of shared goals, spread over the environment.
        goal_positions: Shared goals given by the user instead. (goals, goal_dim), environment's unit.
        seed: Seeds the starts, the goals and the sampling of the shared set.
        given_probe_set: Hash of an existing probe set that replaces the shared set, or empty.
    """

    episodes: int = 64
    episode_length: int | None = None
    points: int = 2_000
    paths: int = 24
    goals: int = 6
    goal_positions: tuple[tuple[float, ...], ...] = ()
    seed: int = 0
    given_probe_set: str = ""

    def __post_init__(self) -> None:
        largest = {
            "episodes": limits.EPISODES, "points": limits.POINTS, "paths": limits.PATHS, "goals": limits.GOALS
        }  # fmt: skip
        for name, most in largest.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= most:
                raise ConfigError(f"{name}={shortened(value)} is not usable: it is a whole number from 1 to {most:,}.")


class Evidence:
    """The evidence about some agents of one environment.

    Args:
        runs: The agents, in the order of every result.
        settings: How much is recorded.
        by: The factors that the agents are compared by.
        probe_set: An existing shared set, used instead of a new one.
        use_cache: Whether recordings are read from and written to the cache on disk.
        workers: Number of processes; 1 computes in this process. More than 1 needs agents that are on disk.
        progress: Receives progress reports.

    Raises:
        ConfigError: If there is no run, the runs or the probe set are of several environments, or a goal is not
            possible in the environment.
    """

    def __init__(
        self,
        runs: Sequence[Agent],
        settings: EvidenceSettings,
        *,
        by: Sequence[str] = DEFAULT,
        probe_set: ProbeSet | None = None,
        use_cache: bool = True,
        workers: int = 1,
        progress: ProgressListener = silent,
    ) -> None:
        names = sorted({run.env.name for run in runs})
        if len(names) != 1:
            raise ConfigError(f"runs of {', '.join(names) or 'no environment'}: evidence is about one environment.")
        if probe_set is not None:
            check_fits(probe_set, runs[0].env)
            settings = dataclasses.replace(settings, given_probe_set=content_of(probe_set))
        self.runs = tuple(runs)
        self.settings = settings
        self.by = tuple(by)
        self.use_cache = use_cache
        self.workers = workers
        self.progress = progress
        self.given_probe_set = probe_set
        self._by_hand = _checked_goals(settings.goal_positions, self.env) if settings.goal_positions else None

    def __repr__(self) -> str:
        runs = "1 run" if len(self.runs) == 1 else f"{len(self.runs)} runs"
        return f"Evidence({self.env.name}, {runs} by {', '.join(self.by)}, {self.settings.episodes} episodes each)"

    @property
    def env(self) -> "GoalEnv":
        """The environment of all the runs."""
        return self.runs[0].env

    @property
    def embedding_agents(self) -> tuple[EmbeddingAgent, ...]:
        """The agents; :func:`crl_probe.probes.registry.run_probe` has checked that they have embeddings."""
        return cast(tuple[EmbeddingAgent, ...], self.runs)

    @property
    def layered_agents(self) -> tuple[LayeredAgent, ...]:
        """The agents; the same function has checked that they give access to their blocks."""
        return cast(tuple[LayeredAgent, ...], self.runs)

    @property
    def episode_length(self) -> int:
        """Steps of every episode: as set, or the shortest length that any of the agents was trained with."""
        return self.settings.episode_length or min(run.episode_length for run in self.runs)

    def of_each_run(
        self, words: str, function: Callable[..., Number], *common: Any, each: Sequence[Sequence[Any]] | None = None
    ) -> list[Number]:
        """Call ``function(run, *own, *common)`` for every agent, in parallel processes if there are several workers.

        Args:
            words: Description of the work for progress reports.
            function: A module-level function of an agent and picklable arguments.
            common: Arguments that are the same for all agents.
            each: For each agent its specific arguments, if any.
        """
        arguments = [(*own, *common) for own in each or [()] * len(self.runs)]
        results = []
        self.progress(words, 0, len(self.runs))
        for done, result in enumerate(map_runs(function, self.runs, arguments, self.workers), start=1):
            results.append(result)
            self.progress(words, done, len(self.runs))
        return results

    @functools.cached_property
    def infos(self) -> tuple[RunInfo, ...]:
        """Names and settings of the agents, as stored in results."""
        return run_infos(self.runs, self.by)

    def question(self, records: Collection[str]) -> dict[str, Any]:
        """The settings that determine the named records, as plain values for the cache key of a result based on them.

        Args:
            records: Any of ``episodes``, ``goals`` and ``shared`` (the shared set).
        """
        s = self.settings
        decides: dict[str, Any] = {"seed": s.seed}
        wanted = set(records)
        if "shared" in wanted and s.given_probe_set:
            decides["probe_set"] = s.given_probe_set
        elif "shared" in wanted:
            wanted |= {"episodes", "goals"}
            decides |= {"points": s.points, "paths": s.paths}
        if "episodes" in wanted:
            decides |= {"episodes": s.episodes, "episode_length": self.episode_length}
        if "goals" in wanted:
            decides["goals"] = s.goal_positions or s.given_probe_set or s.goals
        return decides

    @functools.cached_property
    def episodes(self) -> tuple[OnPolicyEpisodes, ...]:
        """Each agent's own episodes, with the same starts and commanded goals for all agents.

        Raises:
            ConfigError: If they cannot fit into memory.
        """
        from crl_train.evaluation import record_size

        runs, count = len(self.runs), self.settings.episodes
        size = runs * record_size(self.env, count, self.episode_length)
        require_memory(f"a record of {count:,} episodes of each of {runs} runs", {"episodes": size}, free_host_memory())
        common = (self.question(["episodes"]), self.use_cache)
        return tuple(self.of_each_run("rolling out", _episodes_of, *common, each=[(info,) for info in self.infos]))

    @functools.cached_property
    def goals(self) -> Float[np.ndarray, "goals goal_dim"]:
        """The shared goals."""
        if self._by_hand is not None:
            return self._by_hand
        if self.given_probe_set is not None:
            return self.given_probe_set.goals
        return choose_goals(self.env, self.settings.goals, self.settings.seed)

    @functools.cached_property
    def probe_set(self) -> ProbeSet:
        """The shared states, actions and goals."""
        if self.given_probe_set is not None:
            return self.given_probe_set
        s = self.settings
        return cached(
            "probe_set",
            ProbeSet,
            self.infos,
            self.question(["shared"]),
            lambda: build_probe_set(
                self.env,
                self.episodes,
                self.goals,
                num_points=s.points,
                num_paths=min(s.paths, s.episodes * len(self.runs)),
                discount=self.runs[0].discount,
                seed=s.seed,
            ),
            enabled=self.use_cache,
        )

    @functools.cached_property
    def point_phi(self) -> tuple[Float[np.ndarray, "points repr_dim"], ...]:
        """Each agent's embeddings of the shared state-actions."""
        return self._phi_of(self.probe_set.points)

    @functools.cached_property
    def path_phi(self) -> tuple[Float[np.ndarray, "points repr_dim"], ...]:
        """Each agent's embeddings of the shared episodes."""
        return self._phi_of(self.probe_set.paths)

    @functools.cached_property
    def point_psi(self) -> tuple[Float[np.ndarray, "points repr_dim"], ...]:
        """Each agent's embeddings of the achieved goals of the shared states."""
        places = achieved_goals(self.env, self.probe_set.points.states)
        return tuple(self.of_each_run("embedding achieved goals", encode_psi, places))

    @functools.cached_property
    def goal_psi(self) -> tuple[Float[np.ndarray, "goals repr_dim"], ...]:
        """Each agent's embeddings of the shared goals."""
        return tuple(self.of_each_run("embedding goals", encode_psi, self.goals))

    @functools.cached_property
    def on_policy_phi(self) -> tuple[Float[np.ndarray, "episodes steps repr_dim"], ...]:
        """Each agent's embeddings of the state-actions of its own episodes."""
        own = [(record.states, record.actions) for record in self.episodes]
        return tuple(self.of_each_run("embedding own episodes", _phi_of_episodes, each=own))

    def _phi_of(self, points: Points) -> tuple[Float[np.ndarray, "points repr_dim"], ...]:
        return tuple(self.of_each_run(f"embedding {len(points)} states", encode_phi, points.states, points.actions))


def _episodes_of(agent: Agent, info: RunInfo, question: dict[str, int], use_cache: bool) -> OnPolicyEpisodes:
    count, length, seed = (question[name] for name in ("episodes", "episode_length", "seed"))
    return cached(
        "episodes",
        OnPolicyEpisodes,
        [info],
        question,
        lambda: collect_on_policy(agent, info, count, length, seed),
        enabled=use_cache,
    )


def _phi_of_episodes(
    agent: EmbeddingAgent,
    states: Float[np.ndarray, "episodes steps_and_start state_dim"],
    actions: Float[np.ndarray, "episodes steps action_dim"],
) -> Float[np.ndarray, "episodes steps repr_dim"]:
    count, steps, action_dim = actions.shape
    phi = encode_phi(agent, states[:, :-1].reshape(count * steps, -1), actions.reshape(-1, action_dim))
    return phi.reshape(count, steps, -1)


def _checked_goals(positions: Sequence[Sequence[float]], env: "GoalEnv") -> Float[np.ndarray, "goals goal_dim"]:
    """Goals given by the user, as an array.

    Raises:
        ConfigError: If one has the wrong number of entries, is not finite, or lies in a wall.
    """
    for position in positions:
        text = ",".join(f"{entry:g}" for entry in position)
        if len(position) != env.goal_dim or not np.isfinite(position).all():
            raise ConfigError(f"goal {text} is not usable: a goal of {env.name} has {env.goal_dim} finite numbers.")
        if env.maze is not None and not env.maze.is_free(env.in_plane(np.array([position], np.float64)))[0]:
            raise ConfigError(
                f"goal {text} is not usable: it is in a wall of {env.name}, or outside. Choose a free position, such "
                f"as {','.join(f'{entry:g}' for entry in env.maze.goal_centres[0])}."
            )
    return np.array(positions, dtype=np.float32)
