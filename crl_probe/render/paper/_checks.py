"""What every plot refuses, said the same way each time."""

from collections.abc import Iterable, Sized

import numpy as np

from crl_train.errors import ConfigError


def one_of(name: str, value: object, options: Iterable[str]) -> None:
    """Refuse a name that there is not.

    Raises:
        ConfigError: Listing what there is.
    """
    known = tuple(options)
    if value not in known:
        raise ConfigError(
            f"{name}={value!r} cannot be drawn: there is {', '.join(known) or 'nothing'}. Choose of these."
        )


def something(drawn: Sized) -> None:
    """Refuse a figure without panels.

    Raises:
        ConfigError: If there is no panel.
    """
    if not len(drawn):
        raise ConfigError("there is nothing to draw: no number of this result is defined. Measure other runs.")


def within(name: str, value: object, count: int, *words: str) -> None:
    """Refuse a place in a list that is not there; ``words`` are allowed besides.

    Raises:
        ConfigError: Saying which places there are.
    """
    if value in words or (isinstance(value, int | np.integer) and 0 <= value < count):
        return
    besides = "".join(f", or {word!r}" for word in words)
    raise ConfigError(f"{name}={value!r} cannot be drawn: the result has {count}. Choose 0 to {count - 1}{besides}.")
