"""The ``crl-train`` command line: options come from the config's fields; heavy imports wait for what needs them."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from crl_train.cli_options import CONTEXT, GroupedCommand, config_options, explained, parse_int_list
from crl_train.config import PRESETS, TrainConfig, make_config, read_overrides
from crl_train.envs.registry import list_families, make_env
from crl_train.errors import ConfigError, NonFiniteError
from crl_train.interrupt import INTERRUPTED
from crl_train.run_dir import RunDir
from crl_train.version import __version__

DEFAULT_OUT = Path("checkpoints")

# --depths and --seeds set these, whatever a settings file says.
_SET_BY_SWEEP = ("seed", "actor_depth", "critic_depth")


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="crl-train")
def main() -> None:
    """Train deep contrastive RL agents and keep them as Orbax checkpoints.

    \b
    crl-train run point_u_maze --preset laptop --depth 16
    crl-train sweep point_u4_maze --preset laptop --depths 4,16,64 --seeds 0-2
    crl-probe report checkpoints/point_u4_maze_*
    """


def _run_options(command: Any) -> Any:
    """Options of everything that starts runs."""
    for option in (
        click.option("--quiet", is_flag=True, help="Print nothing but errors."),
        click.option(
            "--out", type=click.Path(path_type=Path), default=DEFAULT_OUT, show_default=True, help="Folder for runs."
        ),
        click.option("--config", "config_file", type=click.Path(path_type=Path), help="YAML or JSON file of settings."),
        click.option(
            "--preset",
            type=click.Choice(list(PRESETS)),
            default="laptop",
            show_default=True,
            help="Where settings start from: smoke (under a minute), laptop (minutes on two cores), paper.",
        ),
    ):
        command = option(command)
    return command


@main.command(cls=GroupedCommand)
@click.argument("env")
@_run_options
@click.option("--name", help="Name of the run's directory; <env>_d<depth>_s<seed> if not given.")
@click.option("--depth", type=int, help="Depth of actor and critic alike; --actor-depth and --critic-depth set one.")
@config_options(exclude=("env",))
def run(
    env: str,
    preset: str,
    config_file: Path | None,
    out: Path,
    quiet: bool,
    name: str | None,
    depth: int | None,
    **settings: Any,
) -> None:
    """Train one agent on ENV."""
    with explained():
        config = _make_config(env, preset, config_file, _with_depth(settings, depth))
        run_dir = RunDir(out / _checked_name(name or config.name))
        _start(run_dir, config, quiet)


@main.command(cls=GroupedCommand)
@click.argument("env")
@click.option("--depths", default="4,16,64", show_default=True, help="Depths of actor and critic, such as 4,16,64.")
@click.option("--seeds", default="0", show_default=True, help="Seeds, such as 0-2 or 0,3.")
@_run_options
@config_options(exclude=("env", *_SET_BY_SWEEP))
def sweep(
    env: str,
    depths: str,
    seeds: str,
    preset: str,
    config_file: Path | None,
    out: Path,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train ENV at several depths and seeds, one run after the other.

    What is complete is skipped, what was interrupted goes on: the same command again finishes a sweep.
    """
    with explained():
        depth_list, seed_list = parse_int_list(depths, "--depths"), parse_int_list(seeds, "--seeds")
        configs = [
            _make_config(env, preset, config_file, {**_with_depth(settings, depth), "seed": seed})
            for seed in seed_list
            for depth in depth_list
        ]
        diverged = [config.name for config in configs if not _start_or_go_on(out, config, quiet)]
        if diverged:
            raise NonFiniteError(
                f"{len(diverged)} of {len(configs)} runs diverged and were left out: {', '.join(diverged)}."
            )


@main.command()
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def resume(run_path: Path, quiet: bool) -> None:
    """Continue the interrupted run in directory RUN, exactly where its newest resume point stands."""
    with explained():
        _train(RunDir(run_path), quiet)


@main.command()
@click.argument("name", required=False)
def envs(name: str | None) -> None:
    """List the environments by family, or say what the environment NAME is made of."""
    from crl_train.cli_envs import print_env, print_families

    with explained():
        if name is None:
            print_families(list_families())
        else:
            print_env(make_env(name))


@main.command()
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
def info(run_path: Path) -> None:
    """Say what the run in directory RUN is and how far it has come."""
    with explained():
        from crl_train.cli_display import print_info

        print_info(RunDir(run_path))


def _make_config(env: str, preset: str, config_file: Path | None, settings: dict[str, Any]) -> TrainConfig:
    """Merge preset, file and options, the later ones winning, and check that the environments exist and fit."""
    from crl_train.evaluation import episode_steps, evaluation_env
    from crl_train.step_counts import step_counts

    given = {name: value for name, value in settings.items() if value is not None}
    from_file = read_overrides(config_file) if config_file else {}
    if from_file.get("env", env) != env:
        raise ConfigError(
            f"env={from_file['env']!r} in {str(config_file)!r} contradicts ENV={env!r}: give one of them."
        )
    config = make_config({**from_file, **given, "env": env}, preset)
    step_counts(config)
    training_env = make_env(env)
    evaluation_env(config, training_env)
    return config.model_copy(update={"episode_length": episode_steps(config, training_env)})


def _with_depth(settings: dict[str, Any], depth: int | None) -> dict[str, Any]:
    if depth is None:
        return settings
    both = {name: depth for name in ("actor_depth", "critic_depth") if settings.get(name) is None}
    return {**settings, **both}


def _checked_name(name: str) -> str:
    if Path(name).name != name or name in (".", ".."):
        raise ConfigError(f"--name {name!r} is not usable: it names one folder inside --out. Leave out the slashes.")
    return name


def _start_or_go_on(out: Path, config: TrainConfig, quiet: bool) -> bool:
    """Bring one run of a sweep to its end; False if it diverged, which must not keep the others from training."""
    from crl_train.run_record import read_record
    from crl_train.training import is_complete

    run_dir = RunDir(out / config.name)
    try:
        if not run_dir.is_run:
            _start(run_dir, config, quiet)
            return True
        existing, _ = read_record(run_dir)
        if existing != config:
            fields = [name for name in TrainConfig.model_fields if getattr(existing, name) != getattr(config, name)]
            difference = ", ".join(f"{name}={getattr(existing, name)!r} there" for name in fields)
            raise ConfigError(
                f"run {str(run_dir.path)!r} exists with other settings ({difference}): a sweep does not mix them. "
                "Choose another --out."
            )
        if is_complete(run_dir):
            if not quiet:
                click.echo(f"{run_dir.path} is complete; skipped.")
        else:
            _train(run_dir, quiet)
    except NonFiniteError as error:
        click.echo(f"{run_dir.path} diverged: {error}", err=True)
        return False
    return True


def _start(run_dir: RunDir, config: TrainConfig, quiet: bool) -> None:
    import jax

    from crl_train.run_record import create_run

    device = jax.devices()[0]
    create_run(run_dir, config, f"{device.platform}: {device.device_kind}", shlex.join(["crl-train", *sys.argv[1:]]))
    _train(run_dir, quiet)


def _train(run_dir: RunDir, quiet: bool) -> None:
    """Train with a display that fits the terminal; Ctrl-C saves and says how to go on."""
    from crl_train.cli_display import make_display
    from crl_train.training import Stopped, is_complete, train

    if is_complete(run_dir):
        raise ConfigError(
            f"run {str(run_dir.path)!r} is complete: there is nothing left to train. Probe it with crl-probe."
        )
    with make_display(run_dir, quiet) as display:
        try:
            train(run_dir, display)
        except Stopped:
            display.stopped()
            raise SystemExit(INTERRUPTED) from None
