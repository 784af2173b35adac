"""Start, continue and stop training for the commands; heavy imports wait until something trains."""

import contextlib
import dataclasses
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from crl_train.cli_options import explained
from crl_train.config import TrainConfig
from crl_train.console import echo
from crl_train.errors import ConfigError
from crl_train.interrupt import StopRequest, stop_on_signals
from crl_train.output import expendable
from crl_train.parsing import shortened
from crl_train.run_dir import RunDir
from crl_train.sweep import Place

if TYPE_CHECKING:
    from jax.sharding import Mesh

    from crl_train.cli_display import QuietDisplay
    from crl_train.errors import NonFiniteError
    from crl_train.seed_groups import SeedGroup

T = TypeVar("T")

_OUTPUT_LOST: Final = "training goes on; metrics.jsonl in the run's folder says how far it is."


@dataclasses.dataclass(frozen=True)
class Sitting:
    """What all runs share that one command trains.

    Attributes:
        quiet: Show nothing.
        stop: Whether a signal asks to stop.
        go_on: What to type to go on after a stop; the run's resume command if empty.
        mesh: The devices that share each run, if there are several.
    """

    quiet: bool
    stop: StopRequest
    go_on: str = ""
    mesh: "Mesh | None" = None

    def say(self, text: str) -> None:
        """Print a line, unless ``--quiet`` is given."""
        if not self.quiet:
            echo(text)


@contextlib.contextmanager
def training_command() -> Iterator[StopRequest]:
    """What holds for every command that trains: errors are explained, output may get lost, signals ask to stop."""
    with explained(), expendable("stdout", _OUTPUT_LOST), stop_on_signals() as stop:
        yield stop


def command_line() -> str:
    """The current command, quoted for a shell."""
    return shlex.join(["crl-train", *sys.argv[1:]])


def devices_option(command: Any) -> Any:
    """Let a command take ``--devices``."""
    text = "Devices of this machine that share each run: a number, or all."
    return click.option("--devices", default="1", show_default=True, metavar="N", help=text)(command)


def mesh_of(devices: str, configs: Iterable[TrainConfig]) -> "Mesh | None":
    """The devices that ``--devices`` asks for; None for one.

    Raises:
        ConfigError: If it is no number of devices that are here, or they cannot share one of the runs.
    """
    if devices == "1":
        return None
    if devices != "all" and not re.fullmatch("[0-9]{1,9}", devices):
        raise ConfigError(f"--devices {shortened(devices)} is not usable: give a number of devices, or all.")
    from crl_train.device_mesh import device_mesh, num_devices
    from crl_train.sharding import require_shardable

    mesh = device_mesh("all" if devices == "all" else int(devices))
    for config in configs:
        require_shardable(config, num_devices(mesh))
    return mesh


def start(run: RunDir, config: TrainConfig, mesh: "Mesh | None" = None) -> None:
    """Make the run's folder; errors are those of :func:`crl_train.run_record.create_run`."""
    import jax

    from crl_train.device_mesh import num_devices
    from crl_train.run_record import create_run

    device, count = jax.devices()[0], num_devices(mesh)
    # A CPU has no other name than its platform.
    named = ": ".join(dict.fromkeys((device.platform, device.device_kind)))
    create_run(run, config, named if count == 1 else f"{named} × {count}", command_line(), count)


def train_to_the_end(run: RunDir, sitting: Sitting, place: Place | None = None) -> None:
    """Train a run with a display that fits the terminal.

    Args:
        run: The run; it must not be complete.
        sitting: What the command shares.
        place: Which run of a sweep it is.

    Raises:
        SystemExit: If a signal asked to stop: with the code that says which kind, after the run was saved.
        CrlError: As :func:`crl_train.training.train`.
    """
    from crl_train.training import train

    _with_display(lambda display: train(run, display, sitting.mesh), [run], sitting, place)


def train_group_to_the_end(group: "SeedGroup", sitting: Sitting, place: Place) -> "dict[RunDir, NonFiniteError]":
    """Train the runs of a group in one program, as :func:`train_to_the_end` does one.

    Returns:
        Why runs diverged, by run.
    """
    from crl_train.training import train_seeds

    return _with_display(lambda display: train_seeds(group, display), list(group.runs.values()), sitting, place)


def _with_display(
    work: "Callable[[QuietDisplay], T]", runs: Sequence[RunDir], sitting: Sitting, place: Place | None
) -> T:
    from crl_train.cli_display import make_display
    from crl_train.training import Stopped

    stop = sitting.stop
    with make_display(runs, quiet=sitting.quiet, stop=stop, place=place) as display:
        try:
            if stop:  # while libraries were imported, or between two runs
                raise Stopped
            return work(display)
        except Stopped:
            on_all = f" --devices {sitting.mesh.size}" if sitting.mesh is not None else ""
            display.stopped(sitting.go_on or f"crl-train resume {runs[0].typed}{on_all}")
            raise SystemExit(stop.exit_code) from None
