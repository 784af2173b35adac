"""What both command lines share: options made from the config's fields, grouped help, errors as one line."""

import contextlib
import errno
import itertools
import logging
import re
import sys
import types
import typing
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import click

from crl_train.compiled_programs import keep_compiled_programs
from crl_train.config import LAYERS_PER_BLOCK, TrainConfig, depth_problem
from crl_train.console import accept_any_text, echo
from crl_train.errors import ConfigError, CrlError
from crl_train.interrupt import INTERRUPTED
from crl_train.local_path import local_path
from crl_train.output import expendable, occupy_closed_descriptors
from crl_train.parsing import shortened
from crl_train.presets import PRESETS

Command = TypeVar("Command", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

MOST_RUNS: Final = 10_000  # of one sweep
_MAX_SEED: Final = next(rule.le for rule in TrainConfig.model_fields["seed"].metadata if hasattr(rule, "le"))


class LocalPath(click.Path):
    """The type of every option and argument that is a path: a ``Path``, read by :func:`local_path`."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        with explained():
            return local_path(value, param.get_error_hint(ctx).strip("'") if param else self.name)


class AnyEncoding(click.Group):
    """A program whose help and errors can be printed whatever the encoding of the terminal.

    Every command takes ``--env-module``.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return None if command is None else with_env_module(command)

    def main(self, *args: Any, **options: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            accept_any_text(stream)
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        keep_compiled_programs()  # before a command imports JAX
        return super().invoke(ctx)


class GroupedCommand(click.Command):
    """A command whose ``--help`` lists the config's options under the headings of their groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(param, "group", "Options"), []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class _ConfigOption(click.Option):
    """An option that stands for one field of the config."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


def config_options(exclude: Collection[str]) -> Callable[[Command], Command]:
    """Add one option for every field of ``TrainConfig`` but some; not given means the preset decides."""
    return lambda command: _with_config_options(command, exclude)


def _with_config_options(command: Command, exclude: Collection[str]) -> Command:
    for name, field in reversed(TrainConfig.model_fields.items()):
        if name in exclude:
            continue
        flag = f"--{name.replace('_', '-')}"
        extra = typing.cast(dict[str, Any], field.json_schema_extra)
        kind = _click_type(field.annotation)
        if kind is click.BOOL:
            flag = f"{flag}/--no-{name.replace('_', '-')}"
        option = click.option(
            flag,
            name,
            cls=_ConfigOption,
            group=extra["group"],
            type=None if kind is click.BOOL else kind,
            default=None,
            help=f"{field.description} [{_values_in_force(name)}]",
        )
        command = option(command)
    return command


def _values_in_force(name: str) -> str:
    """What a setting is under each preset, if neither the command nor a file sets it.

    Example:
        >>> _values_in_force("width"), _values_in_force("repr_dim")
        ('smoke=32, laptop=128, paper=256', 'default: 64')
    """
    field = TrainConfig.model_fields[name]
    default = (
        typing.cast(dict[str, Any], field.json_schema_extra)["if_none"] if field.default is None else field.default
    )
    values = {preset: _shown(given.get(name, default)) for preset, given in PRESETS.items()}
    if len(set(values.values())) == 1:
        return f"default: {_shown(default)}"
    return ", ".join(f"{preset}={value}" for preset, value in values.items())


def _shown(value: Any) -> str:
    """A setting's value as it may be typed; large numbers with the underscores that Python and YAML read."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:_}" if isinstance(value, int) else str(value)


def _click_type(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    if typing.get_origin(annotation) is Literal:
        return click.Choice(typing.get_args(annotation))
    return {int: click.INT, float: click.FLOAT, bool: click.BOOL, str: click.STRING}[annotation]


_ENV_MODULE: Final = "--env-module"


def with_env_module(command: click.Command) -> click.Command:
    """Let a command take ``--env-module``, if it does not yet."""
    if not any(_ENV_MODULE in param.opts for param in command.params):
        option = click.Option(
            [_ENV_MODULE],
            multiple=True,
            expose_value=False,
            is_eager=True,
            callback=_use_modules,
            metavar="MODULE",
            help="Module that registers environments of your own.",
        )
        command.params.append(option)
    return command


def _use_modules(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> None:
    if names and not ctx.resilient_parsing:
        from crl_train.envs.outside import use_module

        with explained():
            for name in names:
                use_module(name)


_LIST_PART = re.compile(r"\s*([0-9]{1,18})(?:-([0-9]{1,18}))?\s*")


def parse_int_list(text: str, name: str) -> list[int]:
    """Read ``4,16,64`` or ``0-4`` or a mixture as a list of different integers, in the order given.

    Raises:
        ConfigError: If a part is neither a number nor a range, or there are more numbers than a sweep has runs.

    Example:
        >>> parse_int_list("0-2,7", "--seeds")
        [0, 1, 2, 7]
    """
    ranges = []
    for part in text.split(","):
        match = _LIST_PART.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if last < first:
            raise _not_usable(name, text, f"{shortened(part.strip())} is neither a number nor a range such as 0-4")
        ranges.append(range(first, last + 1))
    # Counted before the numbers are written out: a range of two short ends can be longer than any memory.
    count = sum(one.stop - one.start for one in ranges)
    if count > MOST_RUNS:
        raise _not_usable(
            name,
            text,
            f"it stands for {count:,} numbers, and a list has at most {MOST_RUNS:,}. Give some at a time",
        )
    return list(dict.fromkeys(itertools.chain.from_iterable(ranges)))


def parse_depths(text: str) -> list[int]:
    """Read ``--depths``.

    Raises:
        ConfigError: If it is no list of numbers, or one of them is no depth; those near them are offered.
    """
    depths = parse_int_list(text, "--depths")
    wrong = next((depth for depth in depths if depth_problem(depth)), None)
    if wrong is None:
        return depths
    above = {depth: max(1, -(-depth // LAYERS_PER_BLOCK)) * LAYERS_PER_BLOCK for depth in depths}
    # Of a range, what lies in it; of single numbers, the next depth.
    usable = dict.fromkeys(above[depth] for depth in depths if above[depth] <= max(depths) or depth - 1 not in above)
    raise _not_usable(
        "--depths",
        text,
        f"{wrong} is no depth: a residual block holds {LAYERS_PER_BLOCK} Dense layers, so depths are multiples of "
        f"{LAYERS_PER_BLOCK}. Use {_listed(usable)}",
    )


def parse_seeds(text: str) -> list[int]:
    """Read ``--seeds``.

    Raises:
        ConfigError: If it is no list of numbers, or one of them is too large for a seed.
    """
    seeds = parse_int_list(text, "--seeds")
    if max(seeds) > _MAX_SEED:
        raise _not_usable("--seeds", text, f"{max(seeds)} is too large: seeds go up to {_MAX_SEED}")
    return seeds


def _not_usable(option: str, text: str, why: str) -> ConfigError:
    return ConfigError(f"{option} {shortened(text)} is not usable: {why}.")


def _listed(numbers: Collection[int]) -> str:
    """Numbers as a list of an option; of a long one the beginning."""
    return ",".join(map(str, itertools.islice(numbers, 20))) + (",…" if len(numbers) > 20 else "")


_BAD_PATH = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
# No permission or room; a file may not become larger (ulimit -f, quotas of some file systems), a disk fails.
_CANNOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """The door of every command: errors that a user can cause become one line and exit code 2, Ctrl-C exit code 130.

    Everything else keeps its traceback. That stderr cannot be written stops no command.
    """
    # Orbax logs at length what it also raises, and we explain what is raised.
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    occupy_closed_descriptors()
    with expendable("stderr"):
        try:
            yield
        except CrlError as error:
            _fail(str(error))
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        except OSError as error:
            if error.errno not in (*_BAD_PATH, *_CANNOT_WRITE):
                raise
            _fail(f"{error.filename or 'a file'} cannot be used: {error.strerror}.")


def _fail(message: str) -> typing.NoReturn:
    echo(message, err=True, label="error:")
    raise SystemExit(2)
