"""The ``crl-train`` command line: options come from the config's fields; heavy imports wait for what needs them."""

import functools
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from crl_train.cli_options import (
    CONTEXT,
    MOST_RUNS,
    AnyEncoding,
    GroupedCommand,
    LocalPath,
    config_options,
    explained,
    parse_depths,
    parse_seeds,
)
from crl_train.cli_sweep import train_sweep
from crl_train.cli_train import (
    Sitting,
    command_line,
    devices_option,
    mesh_of,
    start,
    train_to_the_end,
    training_command,
)
from crl_train.config import TrainConfig, depth_problem, make_config, read_overrides
from crl_train.console import echo, write
from crl_train.envs.options import BACKENDS, REFERENCES, EnvOptions
from crl_train.envs.registry import family_of, list_families, make_env
from crl_train.errors import ConfigError
from crl_train.parsing import shortened
from crl_train.presets import PRESETS
from crl_train.run_dir import RunDir
from crl_train.version import __version__

DEFAULT_OUT = Path("checkpoints")

# --depths and --seeds set these, whatever a settings file says.
_SET_BY_SWEEP = ("seed", "actor_depth", "critic_depth")


@click.group(cls=AnyEncoding, context_settings=CONTEXT)
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
        devices_option,
        click.option("--quiet", is_flag=True, help="Print nothing but errors."),
        click.option(
            "--show-config", is_flag=True, help="Print all settings, as --config reads them, and do nothing else."
        ),
        click.option("--out", type=LocalPath(), default=DEFAULT_OUT, show_default=True, help="Folder for runs."),
        click.option(
            "--maze", "maze_file", type=LocalPath(), help="Text file of a maze: ENV is then the robot, such as ant."
        ),
        click.option("--config", "config_file", type=LocalPath(), help="YAML or JSON file of settings."),
        click.option(
            "--preset",
            type=click.Choice(list(PRESETS)),
            default="laptop",
            show_default=True,
            help="Where settings start from: smoke (under a minute on a point maze, minutes on a robot), laptop "
            "(minutes on two cores; a smaller budget where physics is slow), paper.",
        ),
    ):
        command = option(command)
    return command


@main.command(cls=GroupedCommand)
@click.argument("env")
@_run_options
@click.option("--name", help="Name of the run's directory; <env>_d<depth>_s<seed> if not given.")
@click.option("--depth", type=int, help="Depth of actor and critic alike; --actor-depth and --critic-depth set one.")
@config_options(exclude=("env", "maze"))
def run(
    env: str,
    preset: str,
    config_file: Path | None,
    maze_file: Path | None,
    out: Path,
    show_config: bool,
    quiet: bool,
    devices: str,
    name: str | None,
    depth: int | None,
    **settings: Any,
) -> None:
    """Train one agent on ENV."""
    with explained():
        config = _make_config(env, preset, config_file, maze_file, _with_depth(settings, depth))
        run_dir = RunDir(out / _checked_name(name or config.name))
        if show_config:
            _print_config(config)
            return
        mesh = mesh_of(devices, [config])
    with training_command() as stop:
        start(run_dir, config, mesh)
        train_to_the_end(run_dir, Sitting(quiet, stop, mesh=mesh))


@main.command(cls=GroupedCommand)
@click.argument("env")
@click.option("--depths", default="4,16,64", show_default=True, help="Depths of actor and critic, such as 4,16,64.")
@click.option("--seeds", default="0", show_default=True, help="Seeds, such as 0-2 or 0,3.")
@click.option(
    "--vectorize", is_flag=True, help="Train the seeds of each depth side by side in one program, a folder each."
)
@_run_options
@config_options(exclude=("env", "maze", *_SET_BY_SWEEP))
def sweep(
    env: str,
    depths: str,
    seeds: str,
    vectorize: bool,
    preset: str,
    config_file: Path | None,
    maze_file: Path | None,
    out: Path,
    show_config: bool,
    quiet: bool,
    devices: str,
    **settings: Any,
) -> None:
    """Train ENV at several depths and seeds, one after the other; with --vectorize all seeds of a depth together.

    What is complete is skipped, what was interrupted goes on: the same command again finishes a sweep. Several of
    them in one folder share the runs among them.
    """
    with explained():
        from crl_train.device_mesh import num_devices
        from crl_train.run_size import check_size

        depth_list, seed_list = parse_depths(depths), parse_seeds(seeds)
        if len(depth_list) * len(seed_list) > MOST_RUNS:
            raise ConfigError(
                f"--depths and --seeds make {len(depth_list) * len(seed_list):,} runs: a sweep has at most "
                f"{MOST_RUNS:,}. Split it."
            )
        # Seed after seed, so that a sweep that is stopped has something of every depth; together, depth after depth.
        order = [(seed, depth) for seed in seed_list for depth in depth_list]
        if vectorize:
            order.sort(key=lambda run: depth_list.index(run[1]))
        configs = [
            _make_config(env, preset, config_file, maze_file, {**_with_depth(settings, depth), "seed": seed})
            for seed, depth in order
        ]
        if show_config:
            echo(f"# {len(configs)} runs, each with its seed and depth: {', '.join(one.name for one in configs)}")
            _print_config(configs[0], exclude=_SET_BY_SWEEP)
            return
        mesh = mesh_of(devices, configs)
        if vectorize and mesh is not None:
            raise ConfigError(
                f"--vectorize is not usable with --devices {devices}: a program trains several seeds, or several "
                "devices share one run. Leave out one of them."
            )
        for config in configs:
            if not RunDir(out / config.name).is_run:
                # All of them before the first is trained.
                check_size(config, len(seed_list) if vectorize else 1, devices=num_devices(mesh))
    with training_command() as stop:
        sitting = Sitting(quiet, stop, go_on=command_line(), mesh=mesh)
        train_sweep(out, configs, sitting, vectorize=vectorize)


@main.command()
@click.argument("run_path", metavar="RUN", type=LocalPath())
@click.option(
    "--total-env-steps",
    type=click.IntRange(1),
    help="Train to this many environment steps in all, also if the run is complete; epochs stay as long as they are.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@devices_option
def resume(run_path: Path, total_env_steps: int | None, quiet: bool, devices: str) -> None:
    """Continue the run in directory RUN, exactly where its newest resume point stands."""
    with training_command() as stop:
        from crl_train.run_record import read_record
        from crl_train.training import is_complete

        run_dir = RunDir(run_path)
        sitting = Sitting(quiet, stop, mesh=mesh_of(devices, [read_record(run_dir)[0]]))
        if total_env_steps is not None:
            _change_budget(run_dir, total_env_steps, sitting)
        if is_complete(run_dir):
            raise ConfigError(
                f"run {str(run_path)!r} is complete: there is nothing left to train. Probe it with crl-probe, or train "
                "it longer with --total-env-steps."
            )
        train_to_the_end(run_dir, sitting)


@main.command("bench", cls=GroupedCommand)
@click.argument("env")
@click.option("--depths", default="4,16", show_default=True, help="Depths of actor and critic, such as 4,16,64.")
@click.option("--vary", multiple=True, metavar="NAME=A,B", help="Such as width=64,128; several: all combinations.")
@click.option("--unrolls", type=click.IntRange(1, 10_000), default=5, show_default=True, help="Unrolls that are timed.")
@click.option("--json", "json_file", type=LocalPath(), help="File for all numbers.")
@click.option("--config", "config_file", type=LocalPath(), help="YAML or JSON file of settings.")
@click.option("--preset", type=click.Choice(list(PRESETS)), default="laptop", show_default=True)
@devices_option
@config_options(exclude=("env", "maze", *_SET_BY_SWEEP))
def bench_command(
    env: str,
    depths: str,
    vary: tuple[str, ...],
    unrolls: int,
    json_file: Path | None,
    config_file: Path | None,
    preset: str,
    devices: str,
    **settings: Any,
) -> None:
    """Time training on ENV: compiling, updates, environment steps and memory, by depth and whatever --vary names."""
    with explained():
        from crl_train.bench import benchmark
        from crl_train.cli_bench import bench, combinations
        from crl_train.device_mesh import num_devices
        from crl_train.run_size import check_size

        varying, rows = combinations(depths, vary, settings)
        configs = [_make_config(env, preset, config_file, None, _with_depth(given, depth)) for depth, given in rows]
        mesh = mesh_of(devices, configs)
        for config in configs:
            check_size(config, devices=num_devices(mesh))  # all of them before the first is measured
        measure = functools.partial(benchmark, mesh=mesh)
        bench(list(dict.fromkeys(configs)), varying, unrolls, json_file, measure)


@main.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the facts of every name as JSON.")
@click.option("--reference", type=click.Choice(REFERENCES), help="As that trainer's environment NAME is.")
@click.option("--backend", type=click.Choice(BACKENDS), help="With that physics.")
def envs(name: str | None, as_json: bool, reference: str | None, backend: str | None) -> None:
    """List the environments by family, those whose name has a form like 'ant_*', or what the environment NAME is."""
    from crl_train.cli_envs import matching, print_env, print_families, print_json, print_names

    with explained():
        families = list_families()
        if as_json:
            print_json(matching(families, name or "*"))
        elif name is None:
            print_families(families)
        elif any(sign in name for sign in "*?[<"):
            print_names(matching(families, name))
        else:
            options = EnvOptions(reference=reference, backend=backend)
            print_env(make_env(name, options), family_of(name), name, options)


@main.command()
@click.argument("run_path", metavar="RUN", type=LocalPath())
def info(run_path: Path) -> None:
    """Say what the run in directory RUN is and how far it has come."""
    with explained():
        from crl_train.cli_display import print_info

        print_info(RunDir(run_path))


def _make_config(
    env: str, preset: str, config_file: Path | None, maze_file: Path | None, settings: dict[str, Any]
) -> TrainConfig:
    """Merge preset, file and options, the later ones winning, and check that the environments exist and fit."""
    from crl_train.run_envs import episode_steps, evaluation_env, read_maze, training_env
    from crl_train.step_counts import step_counts

    task = {"env": env} if maze_file is None else read_maze(env, maze_file)
    given = {name: value for name, value in settings.items() if value is not None}
    from_file = read_overrides(config_file) if config_file else {}
    for name, value in task.items():
        if from_file.get(name, value) != value:
            typed = "ENV" if name == "env" else "--maze"
            raise ConfigError(
                f"{name}={shortened(from_file[name])} in {str(config_file)!r} contradicts {typed}={shortened(value)}: "
                "give one of them."
            )
    config = make_config({**from_file, **given, **task}, preset)
    step_counts(config)
    env_of_run = training_env(config)
    evaluation_env(config)
    settled = {"episode_length": episode_steps(config, env_of_run), "backend": env_of_run.spec.backend or None}
    return config.model_copy(update=settled)


def _with_depth(settings: dict[str, Any], depth: int | None) -> dict[str, Any]:
    if depth is None:
        return settings
    if problem := depth_problem(depth):
        raise ConfigError(f"--depth {depth} is not usable: {problem}.")
    both = {name: depth for name in ("actor_depth", "critic_depth") if settings.get(name) is None}
    return {**settings, **both}


def _checked_name(name: str) -> str:
    if Path(name).name != name or name in (".", ".."):
        raise ConfigError(f"--name {name!r} is not usable: it names one folder inside --out. Leave out the slashes.")
    return name


def _change_budget(run: RunDir, total_env_steps: int, sitting: Sitting) -> None:
    from crl_train.run_record import change_budget, read_record

    before, _ = read_record(run)
    config = change_budget(run, total_env_steps, command_line())
    if config != before:
        sitting.say(
            f"The budget of {run.path} is now {config.total_env_steps:,} env steps in {config.num_epochs} epochs, as "
            f"--total-env-steps {config.total_env_steps} --num-epochs {config.num_epochs} would have planned it."
        )


def _print_config(config: TrainConfig, exclude: Collection[str] = ()) -> None:
    """Print settings as a YAML file that ``--config`` reads."""
    import yaml

    write(yaml.safe_dump(config.model_dump(exclude=set(exclude)), sort_keys=False, allow_unicode=True))
