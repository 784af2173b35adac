"""Train deep contrastive RL agents.

A reading order that follows the data: ``config`` · ``envs`` · ``networks`` · ``policy`` · ``rollout`` · ``replay`` ·
``relabel`` · ``energy`` · ``losses`` · ``update`` · ``training`` · ``checkpoint``. Importing this package imports none
of them.
"""

from crl_train.version import __version__

__all__ = ["__version__"]
