"""Options of an environment beside its name: whose details it follows, its physics, and a maze given as text."""

import dataclasses
from typing import Final, get_args

from crl_train.config import Backend, Reference

REFERENCES: Final[tuple[str, ...]] = get_args(Reference)
"""Trainers whose environments can be reproduced, defects included: the code of arXiv 2503.14858 and 2408.11052."""

BACKENDS: Final[tuple[str, ...]] = get_args(Backend)
"""Physics: pipelines of brax, of which ``mjx`` is MuJoCo XLA; ``mujoco``, MuJoCo itself on the CPU; ``warp``, MuJoCo on
NVIDIA's graphics cards."""

FORMS_OF_MUJOCO: Final = ("mujoco", "mjx", "warp")


@dataclasses.dataclass(frozen=True)
class EnvOptions:
    """What decides an environment beside its name; None is the environment's own choice.

    Attributes:
        reference: One of ``REFERENCES``: behave as that trainer's environment does, so that its agents can be probed.
        backend: One of ``BACKENDS``.
        maze: A maze as text, rows on lines of their own, for the environment ``<robot>_<name of the maze>``.
    """

    reference: str | None = None
    backend: str | None = None
    maze: str | None = None

    def given(self) -> dict[str, str]:
        """The options that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


OURS: Final = EnvOptions()
"""No option set."""
