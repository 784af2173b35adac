"""The factors of a study, by which its runs are compared, and the level of each run.

The default factor is ``depth``. It stands for the depths of actor and critic together; every other factor is a
training setting, such as ``width`` or ``critic_depth``. Runs of one level differ only in their seed. This module
defines the order and the names of levels.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from crl_probe.runs.agent import Agent, Plain
from crl_train.errors import ConfigError

DEPTH: Final = "depth"
DEFAULT: Final = (DEPTH,)

Level: TypeAlias = Plain | tuple[int, int]
"""Value of a factor; of depth it is (actor, critic) where the two differ."""

_DEPTHS: Final = ("actor_depth", "critic_depth")
# Never a factor: the unit of replication, and settings that do not change the agent.
_NO_FACTORS: Final = ("seed", "policy_every", "resume_every")
_WORDS: Final = {"actor_depth": "actor", "critic_depth": "critic"}


def parse_factors(text: str) -> tuple[str, ...]:
    """Parse names separated by commas; duplicates are dropped.

    Raises:
        ConfigError: If there is no name.

    Example:
        >>> parse_factors("critic_depth, actor_depth")
        ('critic_depth', 'actor_depth')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--by {text!r} is not usable: it names no factor. Use depth, or settings such as width.")
    return names


def check_factors(by: Sequence[str], runs: Iterable[Agent]) -> None:
    """Refuse factors that the runs do not have.

    Raises:
        ConfigError: If a run lacks one. It suggests the closest setting.
    """
    if DEPTH in by and set(_DEPTHS) & set(by):
        raise ConfigError(
            f"--by {','.join(by)} is not usable: depth stands for actor_depth and critic_depth. Give depth, or the "
            "other two."
        )
    for run in runs:
        known = [DEPTH, *(name for name in run.settings if name not in _NO_FACTORS)]
        for name in by:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
                raise ConfigError(f"--by {name!r} is not usable: no setting of {run.name!r} to compare by. {hint}")


def settings_of_factors(by: Iterable[str]) -> set[str]:
    """Names of the settings that these factors stand for.

    Example:
        >>> sorted(settings_of_factors(["depth", "width"]))
        ['actor_depth', 'critic_depth', 'width']
    """
    return {setting for name in by for setting in (_DEPTHS if name == DEPTH else (name,))}


def factors_of_settings(settings: Iterable[str]) -> tuple[str, ...]:
    """The fewest factors that stand for these settings, in their order.

    Example:
        >>> factors_of_settings(["width", "critic_depth", "actor_depth"])
        ('width', 'depth')
    """
    settings = list(settings)
    both = set(_DEPTHS) <= set(settings)
    return tuple(dict.fromkeys(DEPTH if both and name in _DEPTHS else name for name in settings))


def factor_levels(settings: Mapping[str, Plain], by: Iterable[str]) -> dict[str, Level]:
    """The level of a run in each factor.

    Example:
        >>> factor_levels({"actor_depth": 4, "critic_depth": 16, "width": 256}, ["depth", "width"])
        {'depth': (4, 16), 'width': 256}
    """
    return {name: _depth(settings) if name == DEPTH else settings[name] for name in by}


def level_words(factors: Mapping[str, Level]) -> str:
    """A level in words.

    Example:
        >>> level_words({"depth": 16}), level_words({"depth": (4, 16), "width": 256})
        ('depth 16', 'actor 4 · critic 16 · width 256')
    """
    return " · ".join(_words(name, value, len(factors)) for name, value in factors.items())


def level_ticks(levels: Sequence[Mapping[str, Level]]) -> tuple[list[str], str]:
    """Short words for levels, as the ticks of an axis have room for, and what the axis is.

    Args:
        levels: Levels of the same factors.

    Example:
        >>> level_ticks([{"depth": 4}, {"depth": 16}]), level_ticks([{"depth": (4, 16)}, {"depth": 16}])
        ((['4', '16'], 'depth'), (['4/16', '16/16'], 'depth of actor/critic'))
        >>> level_ticks([{"width": 256, "residual": False}])
        (['256/off'], 'width/residual')
    """
    unequal = any(isinstance(level.get(DEPTH), tuple) for level in levels)

    def text(value: Level) -> str:
        actor, critic = value if isinstance(value, tuple) else (value, value)
        return f"{actor}/{critic}"

    texts = [
        "/".join(text(value) if name == DEPTH and unequal else value_text(value) for name, value in level.items())
        for level in levels
    ]
    names = (
        "depth of actor/critic" if name == DEPTH and unequal else name.replace("_", " ")
        for name in (levels[0] if levels else ())
    )
    return texts, "/".join(names)


def value_text(value: Level) -> str:
    """Value of a factor as people read it.

    Example:
        >>> value_text(0.0003), value_text(True), value_text("swish")
        ('0.0003', 'on', 'swish')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def factor_word(factors: Iterable[str]) -> str:
    """What a level of these factors is called in a sentence.

    Example:
        >>> factor_word(["depth"]), factor_word(["batch_size"]), factor_word(["width", "depth"])
        ('depth', 'batch size', 'level')
    """
    names = list(factors)
    return names[0].replace("_", " ") if len(names) == 1 else "level"


def level_order(factors: Mapping[str, Level]) -> tuple[tuple[int, float, str], ...]:
    """Sort key of levels: from shallow to deep by critic, then by actor; of other factors from small to large."""
    return tuple(key for name, value in factors.items() for key in _order(name, value))


def depth_words(actor_depth: int, critic_depth: int) -> str:
    """A depth in words: one number, or two if actor and critic differ.

    Example:
        >>> depth_words(16, 16), depth_words(4, 16)
        ('depth 16', 'actor 4 · critic 16')
    """
    return f"depth {actor_depth}" if actor_depth == critic_depth else f"actor {actor_depth} · critic {critic_depth}"


def _depth(settings: Mapping[str, Plain]) -> Level:
    actor, critic = (int(settings[name] or 0) for name in _DEPTHS)
    return actor if actor == critic else (actor, critic)


def _words(name: str, value: Level, num_factors: int) -> str:
    if isinstance(value, tuple):
        return depth_words(*value)
    if num_factors > 1:
        name = _WORDS.get(name, name)
    return f"{name.replace('_', ' ')} {value_text(value)}"


def _order(name: str, value: Level) -> tuple[tuple[int, float, str], ...]:
    if name == DEPTH:
        actor, critic = value if isinstance(value, tuple) else (value, value)
        return (_key(critic), _key(actor))
    assert not isinstance(value, tuple), f"only depth has two numbers, not {name}"
    return (_key(value),)


def _key(value: Plain) -> tuple[int, float, str]:
    """Sort key: None, which stands for a default, then numbers by size, then words in alphabetical order."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, str):
        return (2, 0.0, value)
    return (1, float(value), "")
