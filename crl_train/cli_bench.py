"""What ``crl-train bench`` measures, prints and writes: one row for each combination of the settings that vary."""

import dataclasses
import difflib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crl_train.atomic_file import write_text_atomically
from crl_train.cli_options import MOST_RUNS, parse_depths
from crl_train.config import TrainConfig
from crl_train.console import make_console, printable
from crl_train.errors import ConfigError
from crl_train.parsing import parse_yaml, shortened

if TYPE_CHECKING:
    from crl_train.bench import Benchmark

_HEADINGS: Final = ("compile", "update", "GFLOP/s", "matmul", "collect", "train", "updates", "memory")
_DEPTHS: Final = ("actor_depth", "critic_depth")
_SHORT: Final = {"batch_size": "batch", "num_envs": "envs"}  # headings narrower than names
_WIDE: Final = (
    160  # columns of a table of many settings, on a narrower terminal: a cut number is worse than a broken line
)
# ENV says which environment, --depths both depths, and no time depends on the seed.
_CANNOT_VARY: Final = {"env": "give one ENV", "maze": "give one ENV", "seed": "no time depends on it"}
_NOTE: Final = (
    "compile: an unroll and its updates, nothing from the cache. GFLOP/s: of an update's matrix "
    "products; matmul: share of the rate of such products alone. collect, train: env steps/s without and with updates. "
    "updates: in a second. memory: most so far."
)


def combinations(
    depths: str, vary: Sequence[str], settings: Mapping[str, Any]
) -> tuple[tuple[str, ...], list[tuple[int, dict[str, Any]]]]:
    """Every depth with every combination of the values of what else varies, the last varying fastest.

    Args:
        depths: Depths as ``--depths`` takes them.
        vary: Settings with their values, such as ``width=64,128``.
        settings: What other options set, None where they do not.

    Returns:
        The names of what varies beside depth, and for each row its depth and settings.

    Raises:
        ConfigError: If one of ``vary`` names no setting that can vary, has no value, or names one that is set anyway;
            if there are more rows than a sweep has runs.

    Example:
        >>> names, rows = combinations("4", ["width=64,128"], {"batch_size": 32})
        >>> names, rows[1]
        (('width',), (4, {'batch_size': 32, 'width': 128}))
    """
    values = dict[str, list[Any]]()
    for text in vary:
        name, equals, listed = text.partition("=")
        name = name.strip().replace("-", "_")
        if why := _problem(name, bool(equals), listed, settings, values):
            raise ConfigError(f"--vary {shortened(text)} is not usable: {why}.")
        values[name] = [parse_yaml(one, f"--vary {shortened(text)}") for one in listed.split(",")]
    depth_list = parse_depths(depths)
    count = len(depth_list)
    for some in values.values():
        count *= len(some)
    if count > MOST_RUNS:
        raise ConfigError(f"--depths and --vary make {count:,} rows: at most {MOST_RUNS:,} are measured. Split them.")
    return tuple(values), [
        (depth, {**settings, **dict(zip(values, one, strict=True))})
        for depth, *one in itertools.product(depth_list, *values.values())
    ]


def _problem(
    name: str, has_values: bool, listed: str, settings: Mapping[str, Any], before: Mapping[str, list[Any]]
) -> str:
    """Why the values of a setting cannot be taken; empty if they can."""
    if name in ("depth", "depths"):
        return "depths have an option of their own. Use --depths 4,16,64"
    if name in _CANNOT_VARY:
        return f"{name} does not vary here: {_CANNOT_VARY[name]}"
    if name not in TrainConfig.model_fields:
        near = difflib.get_close_matches(name[:80], TrainConfig.model_fields, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "See: crl-train bench --help"
        return f"no setting is called {shortened(name)}. {hint}"
    if not has_values or not all(one.strip() for one in listed.split(",")):
        return f"a setting is followed by its values. Write {name}=A,B"
    if name in before:
        return f"{name} is there twice. Give all its values in one list"
    if settings.get(name) is not None:
        return f"--{name.replace('_', '-')} {settings[name]} sets it, too. Leave one of them out"
    return ""


def bench(
    configs: Sequence[TrainConfig],
    varying: Sequence[str],
    unrolls: int,
    json_file: Path | None,
    measure: Callable[..., "Benchmark"],
) -> None:
    """Measure each config, print a table, and write all numbers to a file if there is one.

    Args:
        configs: What is measured, a row each.
        varying: Names of the settings that differ between them, beside depth.
        unrolls: How many are timed of each.
        json_file: File for all numbers, or None.
        measure: Measures one.
    """
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    measured = []
    differ = len({(config.actor_depth, config.critic_depth) for config in configs}) > 1
    varying = ("depth",) * (differ or not varying) + tuple(name for name in varying if name not in _DEPTHS)
    for place, config in enumerate(configs, start=1):
        what = ", ".join(f"{name} {value}" for name, value in _place(config, varying).items())
        with console.status(printable(f"{config.env}, {what} ({place} of {len(configs)})")):
            measured.append(measure(config, unrolls))
    console.print(Text(_title(measured[0], varying), style="bold"))
    table = Table(box=None, pad_edge=False)
    for heading in (*_place(configs[0], varying), *_HEADINGS):
        table.add_column(heading, justify="right", no_wrap=True)
    for config, one in zip(configs, measured, strict=True):
        table.add_row(*_place(config, varying).values(), *_cells(one))
    make_console(width=max(console.width, _WIDE)).print(table)
    console.print(Text(_NOTE, style="dim"))
    if json_file is not None:
        rows = [
            {
                **config.model_dump(mode="json", include=set(varying)),
                **dataclasses.asdict(one),
                "share_of_matmul": one.share_of_matmul,
            }
            for config, one in zip(configs, measured, strict=True)
        ]
        write_text_atomically(json_file, json.dumps(rows, indent=2) + "\n")


def _title(first: "Benchmark", varying: Sequence[str]) -> str:
    """What all rows have in common."""
    physics = f", {first.backend}" if first.backend and "backend" not in varying else ""
    common = {
        "depth": f"depth {_depth(first.actor_depth, first.critic_depth)}",
        "num_envs": f"{first.num_envs} environments",
        "width": f"width {first.width}",
        "batch_size": f"batch {first.batch_size}",
        "precision": "" if first.precision == "float32" else first.precision,
    }
    words = [text for name, text in common.items() if text and name not in varying]
    return f"{first.env}{physics} on {first.device}: {', '.join([*words, f'medians of {first.unrolls} unrolls'])}"


def _place(config: TrainConfig, varying: Sequence[str]) -> dict[str, str]:
    """The cells that tell a row from the others, by heading."""
    depth = _depth(config.actor_depth, config.critic_depth)
    return {_SHORT.get(name, name): depth if name == "depth" else str(getattr(config, name)) for name in varying}


def _cells(one: "Benchmark") -> tuple[str, ...]:
    return (
        f"{one.compile_seconds:.1f} s",
        f"{one.update_ms:,.0f} ms" if one.update_ms >= 1000 else f"{one.update_ms:.3g} ms",
        f"{one.update_gflops:.3g}",
        f"{100 * one.share_of_matmul:.0f} %",
        f"{one.collect_steps_per_second:,.0f}",
        f"{one.steps_per_second:,.0f}",
        f"{one.updates_per_second:.3g}/s",
        f"{one.peak_bytes / 1e9:.2f} GB",
    )


def _depth(actor: int, critic: int) -> str:
    return str(actor) if actor == critic else f"a{actor}c{critic}"
