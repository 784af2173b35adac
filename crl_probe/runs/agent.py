"""The agent contract: what a probe may ask of an agent, whoever trained it.

Three protocols, each with more than the one before: an :class:`Agent` acts and has a critic energy, an
:class:`EmbeddingAgent` shows the two embeddings that this energy compares, and a :class:`LayeredAgent` lets probes look
at its networks block by block. An agent need not have everything: a probe names what it needs (``Probe.agent``), and
is skipped, with a line that says why, for agents that lack it. ``LoadedRun`` has everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from crl_probe.runs.errors import ProbeError

if TYPE_CHECKING:
    from jaxtyping import Array

    from crl_train.envs.goal_env import GoalEnv
    from crl_train.policy import ActFn

Plain = int | float | bool | str | None
"""A value of a setting, as JSON has it."""


@runtime_checkable
class Agent(Protocol):
    """Acts towards commanded goals, and says how near a state-action is to one.

    Arrays may be NumPy's or JAX's and have any batch axes; what comes back converts with ``numpy.asarray``.
    """

    @property
    def name(self) -> str:
        """Tells the agent apart from the others of a comparison."""

    @property
    def path(self) -> Path:
        """Where the agent comes from: two agents of one path are checkpoints of one training."""

    @property
    def is_on_disk(self) -> bool:
        """Whether ``load_run(path, env_steps)`` opens the same agent, as worker processes do."""

    @property
    def env(self) -> "GoalEnv":
        """The environment that it is evaluated on."""

    @property
    def env_steps(self) -> int:
        """Environment steps that it was trained for."""

    @property
    def steps(self) -> Sequence[int]:
        """Environment steps of all checkpoints of the same training, ascending."""

    @property
    def content_hash(self) -> str:
        """Hash of its parameters: agents that differ in behaviour differ here."""

    @property
    def settings(self) -> Mapping[str, Plain]:
        """What it was trained with, by name; ``seed``, ``actor_depth`` and ``critic_depth`` are always there."""

    @property
    def episode_length(self) -> int:
        """Steps of an episode that it was trained with."""

    @property
    def discount(self) -> float:
        """γ of the future goals that its critic was trained on."""

    @property
    def curve(self) -> Sequence[Mapping[str, Any]]:
        """What training logged, one mapping an epoch; empty where there is no log."""

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
    """Its energy compares an embedding of state and action with one of the goal."""

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
    """Its networks consist of residual blocks that can be looked at one by one.

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
        """Whether blocks add to their input; without it, what a block adds is undefined."""

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


def lacking(agent: Agent, needs: type) -> list[str]:
    """What an agent has not of one of the protocols above, by name.

    Example:
        >>> class Blind:
        ...     phi = None
        >>> "psi" in lacking(Blind(), EmbeddingAgent), "phi" in lacking(Blind(), EmbeddingAgent)
        (True, False)
    """
    members = {name for protocol in needs.__mro__ for name in vars(protocol) if not name.startswith("_")}
    return sorted(name for name in members if not hasattr(agent, name))


def check_agents(agents: Iterable[Agent], needs: type) -> None:
    """Refuse agents that lack something of one of the protocols above.

    Raises:
        ProbeError: Naming the first such agent and what it lacks.
    """
    for agent in agents:
        names = lacking(agent, needs)
        if names:
            raise ProbeError(f"agent {agent.name!r} has no {', '.join(names)}.")
