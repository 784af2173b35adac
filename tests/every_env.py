"""The environments that a test about all of them runs on: two by default, every name with ``--every-env``.

Each compiles physics of its own, so that all names take hours; every family has tests of its own beside these.
"""

SOME = ("point_u_maze", "reacher")
"""Without and with physics."""


def names() -> tuple[str, ...]:
    """Every name that is listed."""
    from crl_train.envs import list_envs  # here, so that pytest can first set up what checks shapes in our modules

    return list_envs()
