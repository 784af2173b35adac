"""Goal-conditioned environments. Read ``goal_env`` for the contract, then ``point_maze`` for the smallest example."""

from crl_train.envs import families
from crl_train.envs.options import EnvOptions
from crl_train.envs.registry import list_envs, list_families, make_env, register_env, register_family

__all__ = ["EnvOptions", "families", "list_envs", "list_families", "make_env", "register_env", "register_family"]
