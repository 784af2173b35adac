"""What both command lines share: options made from the config's fields, grouped help, errors as one line."""

import contextlib
import errno
import itertools
import logging
import re
import types
import typing
from collections.abc import Callable, Collection, Iterator
from typing import Any, Literal, TypeVar

import click

from crl_train.config import TrainConfig
from crl_train.console import echo
from crl_train.errors import ConfigError, CrlError
from crl_train.parsing import shortened

Command = TypeVar("Command", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


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
        default = extra["if_none"] if field.default is None else field.default
        option = click.option(
            flag,
            name,
            cls=_ConfigOption,
            group=extra["group"],
            type=None if kind is click.BOOL else kind,
            default=None,
            help=f"{field.description} [paper: {str(default).lower() if isinstance(default, bool) else default}]",
        )
        command = option(command)
    return command


def _click_type(annotation: Any) -> Any:
    if typing.get_origin(annotation) is Literal:
        return click.Choice(typing.get_args(annotation))
    if isinstance(annotation, types.UnionType):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    return {int: click.INT, float: click.FLOAT, bool: click.BOOL, str: click.STRING}[annotation]


_MOST_NUMBERS = 1_000  # of a list: each is a run
_LIST_PART = re.compile(r"\s*([0-9]{1,18})(?:-([0-9]{1,18}))?\s*")


def parse_int_list(text: str, name: str) -> list[int]:
    """Read ``4,16,64`` or ``0-4`` or a mixture as a list of different integers, in the order given.

    Raises:
        ConfigError: If a part is neither a number nor a range, or there are more than 1000 numbers.

    Example:
        >>> parse_int_list("0-2,7", "--seeds")
        [0, 1, 2, 7]
    """
    ranges = []
    for part in text.split(","):
        match = _LIST_PART.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if last < first:
            raise ConfigError(
                f"{name} {shortened(text)} is not usable: {shortened(part.strip())} is neither a number nor a range "
                "such as 0-4."
            )
        ranges.append(range(first, last + 1))
    # Counted before the numbers are written out: a range of two short ends can be longer than any memory.
    count = sum(one.stop - one.start for one in ranges)
    if count > _MOST_NUMBERS:
        raise ConfigError(
            f"{name} {shortened(text)} is not usable: it stands for {count:,} numbers, and a list has at most "
            f"{_MOST_NUMBERS:,}. Give some at a time."
        )
    return list(dict.fromkeys(itertools.chain.from_iterable(ranges)))


_BAD_PATH = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn errors that a user can cause into one line and exit code 2; everything else keeps its traceback."""
    # Orbax logs at length what it also raises, and we explain what is raised.
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    try:
        yield
    except CrlError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT, *_BAD_PATH):
            raise
        _fail(f"{error.filename or 'a file'} cannot be used: {error.strerror}.")


def _fail(message: str) -> typing.NoReturn:
    echo(message, err=True, label="error:")
    raise SystemExit(2)
