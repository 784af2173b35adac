"""What every plot refuses, said the same way each time."""

from collections.abc import Iterable, Sequence, Sized

import numpy as np

from crl_probe.runs.run_info import RunInfo
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


def run_place(runs: Sequence[RunInfo], run: int | str, *words: str) -> int | str:
    """The place of a run that is given by its place or its name; one of ``words`` stands for itself.

    Raises:
        ConfigError: Listing the names there are.
    """
    if isinstance(run, str) and run not in words:
        names = [info.name for info in runs]
        one_of("run", run, [*names, *words])
        return names.index(run)
    within("run", run, len(runs), *words)
    return run


def index_of_run(runs: Sequence[RunInfo], run: int | str) -> int:
    """:func:`run_place` where nothing but a run can be drawn."""
    place = run_place(runs, run)
    assert not isinstance(place, str), "no words are allowed"
    return place
