"""What ``crl-train bench`` prints and writes: one row for each depth."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crl_train.atomic_file import write_text_atomically
from crl_train.config import TrainConfig
from crl_train.console import make_console

if TYPE_CHECKING:
    from crl_train.bench import Benchmark

_HEADINGS: Final = (*("depth", "compile", "update", "GFLOP/s", "matmul", "collect", "train", "updates", "memory"),)
_NOTE: Final = (
    "compile: an unroll and its updates, nothing from the cache. GFLOP/s: of an update's matrix "
    "products; matmul: share of the rate of such products alone. collect, train: env steps/s without and with updates. "
    "updates: in a second. memory: most so far."
)


def bench(
    configs: Sequence[TrainConfig], unrolls: int, json_file: Path | None, measure: Callable[..., "Benchmark"]
) -> None:
    """Measure each config, print a table, and write all numbers to a file if there is one."""
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    measured = []
    for config in configs:
        with console.status(f"{config.env}, depth {_depth(config.actor_depth, config.critic_depth)}"):
            measured.append(measure(config, unrolls))
    first = measured[0]
    physics = f", {first.backend}" if first.backend else ""
    precision = "" if first.precision == "float32" else f", {first.precision}"
    title = (
        f"{first.env}{physics} on {first.device}: {first.num_envs} environments, width {first.width}, "
        f"batch {first.batch_size}{precision}, medians of {first.unrolls} unrolls"
    )
    console.print(Text(title, style="bold"))
    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        table.add_row(*_cells(one))
    console.print(table)
    console.print(Text(_NOTE, style="dim"))
    if json_file is not None:
        rows = [{**dataclasses.asdict(one), "share_of_matmul": one.share_of_matmul} for one in measured]
        write_text_atomically(json_file, json.dumps(rows, indent=2) + "\n")


def _cells(one: "Benchmark") -> tuple[str, ...]:
    return (
        _depth(one.actor_depth, one.critic_depth),
        f"{one.compile_seconds:.1f} s",
        f"{one.update_ms:.3g} ms",
        f"{one.update_gflops:.3g}",
        f"{100 * one.share_of_matmul:.0f} %",
        f"{one.collect_steps_per_second:,.0f}",
        f"{one.steps_per_second:,.0f}",
        f"{one.updates_per_second:.3g}/s",
        f"{one.peak_bytes / 1e9:.2f} GB",
    )


def _depth(actor: int, critic: int) -> str:
    return str(actor) if actor == critic else f"a{actor}c{critic}"
