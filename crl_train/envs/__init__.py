"""Goal-conditioned environments. Read ``goal_env`` for the contract, then ``point_maze`` for the smallest example."""

from crl_train.envs.registry import list_envs, list_families, make_env, register_env, register_family

__all__ = ["list_envs", "list_families", "make_env", "register_env", "register_family"]
