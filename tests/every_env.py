"""The environments that a test about all of them runs on: a few by default, every name with ``--every-env``.

Each compiles physics of its own, so that all names take hours; every family has tests of its own beside these.
"""

SOME = {"env_name": ("point_u_maze", "reacher"), "trained_env": ("reacher",)}
"""By the test's argument: without and with physics; many other tests train in a point maze."""


def names() -> tuple[str, ...]:
    """Every name that is listed."""
    from crl_train.envs import list_envs  # here, so that pytest can first set up what checks shapes in our modules

    return list_envs()
