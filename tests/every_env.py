"""The environments that a test about all of them runs on: a few by default, every name with ``--every-env``.

Training compiles physics for each name, so that all of them take hours; every family has tests of its own beside these.
"""

SOME = {
    "env_name": (
        "point_u_maze",
        "reacher",
        "ant_u_maze",
        "arm_binpick_easy",
    ),
    "trained_env": ("reacher",),
}
"""By the test's argument: without physics, in JAX, and by MuJoCo; many other tests train in a point maze."""


def names() -> tuple[str, ...]:
    """Every name that is listed."""
    from crl_train.envs import list_envs  # here, so that pytest can first set up what checks shapes in our modules

    return list_envs()
