"""The agent contract: the methods of an agent that probes use, whoever trained the agent.

There are three protocols, and each extends the one before. An :class:`Agent` acts and has a critic energy. An
:class:`EmbeddingAgent` also has the two embeddings that this energy compares. A :class:`LayeredAgent` also gives access
to its networks block by block. An agent need not satisfy all of them: a probe names the protocol that it needs
(``Probe.agent``), and is skipped with a message for agents that lack it. ``LoadedRun`` satisfies all three.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from crl_probe.runs.errors import ProbeError
from crl_train.console import printable

if TYPE_CHECKING:
    from jaxtyping import Array

    from crl_train.envs.goal_env import GoalEnv
    from crl_train.policy import ActFn

Plain = int | float | bool | str | None
"""A value of a setting, as JSON has it."""


@runtime_checkable
class Agent(Protocol):
    """Acts towards commanded goals, and has a critic energy of state-actions and goals.

    Arrays are from NumPy or JAX and have any batch axes; ``numpy.asarray`` converts the returned arrays.
    """

    @property
    def name(self) -> str:
        """Name, unique among the agents of a comparison."""

    @property
    def path(self) -> Path:
        """Where the agent comes from: agents of the same path are checkpoints of one training run."""

    @property
    def is_on_disk(self) -> bool:
        """Whether ``load_run(path, env_steps)`` opens the same agent, as worker processes do."""

    @property
    def env(self) -> "GoalEnv":
        """The environment that it is evaluated on."""

    @property
    def env_steps(self) -> int:
        """Number of environment steps of its training."""

    @property
    def steps(self) -> Sequence[int]:
        """Environment steps of all checkpoints of the same training run, ascending."""

    @property
    def content_hash(self) -> str:
        """Hash of its parameters: agents with different parameters have different hashes."""

    @property
    def settings(self) -> Mapping[str, Plain]:
        """Its training settings by name; ``seed``, ``actor_depth`` and ``critic_depth`` are always included."""

    @property
    def episode_length(self) -> int:
        """Steps of an episode in its training."""

    @property
    def discount(self) -> float:
        """γ of the future goals that its critic was trained on."""

    @property
    def curve(self) -> Sequence[Mapping[str, Any]]:
        """The training log, one mapping for each epoch; empty if there is no log."""

    def act(
        self,
        state: "Float[Array | np.ndarray, '*batch state_dim']",
        goal: "Float[Array | np.ndarray, '*batch goal_dim']",
    ) -> "Float[Array, '*batch action_dim']":
        """The action without noise, each entry in [-1, 1]."""

    def energy(
        self,
        state: "Float[Array | np.ndarray, '*batch state_dim']",
        action: "Float[Array | np.ndarray, '*batch action_dim']",
        goal: "Float[Array | np.ndarray, '*batch goal_dim']",
    ) -> "Float[Array, '*batch']":
        """Critic energy; larger is closer to the goal."""


@runtime_checkable
class SamplingAgent(Agent, Protocol):
    """Also acts with noise."""

    def policy(self, mode: str = "mean") -> "ActFn":
        """A function (state, goal, key) to action; ``mode`` is ``mean``, ``sample`` or ``best_of_K``."""


@runtime_checkable
class EmbeddingAgent(Agent, Protocol):
    """Its energy compares an embedding of the state-action with an embedding of the goal."""

    def phi(
        self,
        state: "Float[Array | np.ndarray, '*batch state_dim']",
        action: "Float[Array | np.ndarray, '*batch action_dim']",
    ) -> "Float[Array, '*batch repr_dim']":
        """Representation of state-action pairs."""

    def psi(self, goal: "Float[Array | np.ndarray, '*batch goal_dim']") -> "Float[Array, '*batch repr_dim']":
        """Representation of goals."""

    def energy_between(
        self,
        phi: "Float[Array | np.ndarray, '*batch repr_dim']",
        psi: "Float[Array | np.ndarray, '*batch repr_dim']",
    ) -> "Float[Array, '*batch']":
        """Critic energy of representations: ``energy(s, a, g)`` is ``energy_between(phi(s, a), psi(g))``."""


@runtime_checkable
class LayeredAgent(EmbeddingAgent, Protocol):
    """Its networks consist of residual blocks that can be inspected one by one.

    A ``part`` is one network: ``phi`` (inputs: state, action), ``psi`` (goal) or ``actor`` (state, goal).
    """

    @property
    def critic_blocks(self) -> int:
        """Residual blocks of each encoder."""

    @property
    def width(self) -> int:
        """Units of the residual stream."""

    @property
    def has_residual_stream(self) -> bool:
        """Whether blocks add to their input; otherwise the contribution of a block is undefined."""

    def num_blocks(self, part: str) -> int:
        """Residual blocks of one network."""

    def prefix(self, blocks: int) -> "EmbeddingAgent":
        """The same agent with both encoders cut after their first ``blocks`` blocks; the actor stays whole."""

    def phi_after(
        self,
        state: "Float[Array | np.ndarray, 'batch state_dim']",
        action: "Float[Array | np.ndarray, 'batch action_dim']",
        blocks: Int[np.ndarray, " kept"],
    ) -> "Float[Array, 'batch kept repr_dim']":
        """φ as ``prefix(b)`` gives it, for every b in ``blocks``."""

    def psi_after(
        self, goal: "Float[Array | np.ndarray, 'batch goal_dim']", blocks: Int[np.ndarray, " kept"]
    ) -> "Float[Array, 'batch kept repr_dim']":
        """ψ as ``prefix(b)`` gives it, for every b in ``blocks``."""

    def residual_stream(
        self, part: str, *inputs: "Float[Array | np.ndarray, 'batch _']"
    ) -> "Float[Array, 'points batch width']":
        """The residual stream of one network after its stem and after each of its blocks."""

    def mean_activations(
        self, part: str, *inputs: "Float[Array | np.ndarray, 'batch _']"
    ) -> "Float[Array, 'blocks layers width']":
        """Mean absolute output of every hidden unit over a batch."""


@runtime_checkable
class HasUntrained(Agent, Protocol):
    """Its networks before training are known, so that its numbers can be held against theirs."""

    def untrained(self) -> Agent:
        """The same agent before the first update; ``env_steps`` is 0."""


def lacking(agent: object, needs: type) -> list[str]:
    """Names of the members of a protocol above that an agent lacks.

    Example:
        >>> class Blind:
        ...     phi = None
        >>> "psi" in lacking(Blind(), EmbeddingAgent), "phi" in lacking(Blind(), EmbeddingAgent)
        (True, False)
    """
    members = {name for protocol in needs.__mro__ for name in vars(protocol) if not name.startswith("_")}
    return sorted(name for name in members if not hasattr(agent, name))


def check_agents(agents: Iterable[Agent], needs: type) -> None:
    """Refuse agents that lack a member of a protocol above.

    Raises:
        ProbeError: If an agent lacks one. It names the first such agent and the members.
    """
    for agent in agents:
        names = lacking(agent, needs)
        if names:
            raise ProbeError(f"agent {agent.name!r} has no {', '.join(names)}.")


def curve_problems(agents: Iterable[Agent]) -> tuple[str, ...]:
    """One sentence for each training run whose log is damaged, so that ``curve`` is empty.

    An agent says what is wrong in an attribute ``curve_problem``; without it, or where it is empty, nothing is.
    """
    told = {agent.path: (agent.name, getattr(agent, "curve_problem", "")) for agent in agents}
    return tuple(
        f"The learning curve of {printable(name)} is missing: {problem}" for name, problem in told.values() if problem
    )
