"""Values that no option takes: a set of odd ones for every option of both programs, and sizes beyond all bounds."""

from collections.abc import Iterator
from typing import Final

import click

from tools.torture.inputs.case import EVAL, PROBING, Base, Case, linked
from tools.torture.inputs.odd_content import DIGITS, ESCAPE
from tools.torture.judge import DONE, EITHER, REFUSED, Right

_VALUES: Final = (
    "", " ", "-1", "0", "nan", "inf", "-inf", "1e400", DIGITS, "0x10", "1_000", "१२", "²", "½", "1,2", "1;2", "None",
    "true", "[bold]x[/bold]", "[/]", "%s%n", "{0}", "$(true)", ESCAPE, "a\nb", "\udcff", "🦜" * 100, "x" * 10_000, "--",
    "*", "../..", "all",
)  # fmt: skip
_HUGE: Final = (10**9, 10**12, 10**15, 10**30)

_RUN: Final = ("crl-train", "run", "point_u_maze", "--preset", "smoke", "--out", "out")
_SWEEP: Final = ("crl-train", "sweep", "point_u_maze", "--preset", "smoke", "--out", "out", "--depths", "4")
_SIZES: Final = (
    "total_env_steps", "num_epochs", "num_envs", "unroll_length", "updates_per_unroll", "actor_depth", "critic_depth",
    "width", "repr_dim", "batch_size", "max_replay_size", "min_replay_size", "num_eval_episodes", "episode_length",
)  # fmt: skip
# Where any number of epochs between two checkpoints is a number like any other.
_NO_MATTER: Final = ("policy_every", "resume_every")


def cases(base: Base) -> Iterator[Case]:
    """All cases of command lines."""
    yield from _every_option()
    yield from _sizes(base)
    yield from _arguments()
    yield from _wrong_words(base)


def _every_option() -> Iterator[Case]:
    """Odd values where the runs are not there: all that reads options happens before, or says that there are none."""
    import crl_probe.cli
    import crl_train.cli

    starts = {"run": _RUN, "sweep": _SWEEP, "resume": ("crl-train", "resume", "no/run")}
    number = 0
    for program, main in (("crl-train", crl_train.cli.main), ("crl-probe", crl_probe.cli.main)):
        with click.Context(main) as context:
            commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
        for name, command in commands.items():
            if command is None or isinstance(command, click.Group):
                continue
            start = starts.get(name, (program, name, "no/run"))
            for parameter in command.params:
                if not isinstance(parameter, click.Option) or parameter.is_flag or parameter.opts[0] == "--help":
                    continue
                # Each option meets every third value, another third with each command.
                number += 1
                for value in _VALUES[number % 3 :: 3]:
                    case = f"{program} {name} {parameter.opts[0]} {value[:20]!r}"
                    words = (*start, parameter.opts[0], value)
                    yield Case("values of options", case, linked(), words, EITHER, trains=False)


def _sizes(base: Base) -> Iterator[Case]:
    door = "sizes beyond bounds"
    words: tuple[str, ...]
    for name in _SIZES:
        for size in _HUGE:
            words = (*_RUN, f"--{name.replace('_', '-')}", str(size))
            # A step budget of a thousand million is long and not impossible.
            right = EITHER if (name, size) in {("total_env_steps", 10**9), ("updates_per_unroll", 10**9)} else REFUSED
            yield Case(door, f"{name}={size:.0e}", linked(), words, right, trains=False)
    for name in _NO_MATTER:
        words = (*_RUN, f"--{name.replace('_', '-')}", str(10**30))
        yield Case(door, f"{name}=1e30", linked(), words, EITHER, trains=False)
    for mode in ("best_of_1000000000", f"best_of_{10**30}", f"best_of_{DIGITS}", "best_of_0", "best_of_01"):
        for option in ("--evaluation", "--exploration"):
            yield Case(door, f"{option} {mode[:20]}", linked(), (*_RUN, option, mode), REFUSED, trains=False)
    for option in ("--seeds", "--depths"):
        for value in ("0-99999999999", "4-4000000000", f"0-{10**30}", f"4,{10**30}", DIGITS):
            words = (*_SWEEP, option, value)
            yield Case(door, f"sweep {option} {value[:20]}", linked(), words, REFUSED, trains=False, seconds=60)
    for size in _HUGE:
        probing = PROBING[4:]
        for words in (
            ("crl-probe", "eval", "victim", "--episodes", str(size)),
            ("crl-probe", "geometry", "victim", *probing, "--episodes", str(size)),
            ("crl-probe", "geometry", "victim", *probing, "--episodes", "4", "--goals", str(size)),
            ("crl-probe", "geometry", "victim", *PROBING, "--workers", str(size)),
            ("crl-probe", "landscape", "victim", *PROBING, "--grid", str(size)),
            ("crl-probe", "trajectories", "victim", *PROBING, "--points", str(size)),
            ("crl-probe", "probe-set", "victim", *PROBING, "--points", str(size), "--out", "s.npz"),
            ("crl-probe", "probe-set", "victim", *PROBING, "--paths", str(size), "--out", "s.npz"),
            ("crl-probe", "eval", "victim", "--episodes", "4", "--policy", f"best_of_{size}"),
        ):
            yield Case(door, " ".join([*words[1:2], *words[-4:]]), linked(base, "victim"), words, EITHER, seconds=120)


def _arguments() -> Iterator[Case]:
    for value in _VALUES:
        given = (value,) if not value.startswith("-") else ("--", value)
        for words in (
            ("crl-train", "run", *given),
            ("crl-train", "envs", *given),
            ("crl-train", "resume", *given),
            ("crl-train", "info", *given),
            ("crl-probe", "eval", *given),
            ("crl-probe", "report", *given),
        ):
            yield Case("arguments", f"{words[1]} {value[:20]!r}", linked(), words, EITHER, trains=False)


def _wrong_words(base: Base) -> Iterator[Case]:
    geometry = ("crl-probe", "geometry", "victim", *PROBING[:2], "--workers", "1")
    told: dict[tuple[str, ...], Right] = {
        (*geometry, "--goal", "nan,nan"): REFUSED,
        (*geometry, "--goal", "inf,0"): REFUSED,
        (*geometry, "--goal", "1"): REFUSED,
        (*geometry, "--goal", "1,2,3"): REFUSED,
        (*geometry, "--goal", "1,2", "--goals", "3"): REFUSED,
        (*geometry, "--step", "999999"): REFUSED,
        (*geometry, "--step", "٤٨٠"): REFUSED,
        (*geometry, "--step", "²"): REFUSED,
        (*geometry, "--by", "nothing"): REFUSED,
        (*geometry, "--by", "seed,seed"): EITHER,
        (*geometry, "--by", ","): REFUSED,
        (*geometry, "--seed", str(2**32)): REFUSED,
        (*geometry, "--save", "a.txt"): REFUSED,
        (*geometry, "--save", "a"): REFUSED,
        (*geometry, "--save", ".pdf"): EITHER,
        ("crl-probe", "eval", "victim", "--policy", "best_of_0"): REFUSED,
        ("crl-probe", "eval", "victim", "--policy", "MEAN"): REFUSED,
        ("crl-probe", "eval", "victim", "--policy", "best_of_²"): REFUSED,
        ("crl-probe", "eval", "victim", "victim", *EVAL): DONE,
        ("crl-probe", "eval", "victim", "./victim", "victim/", *EVAL): DONE,
        ("crl-probe", "eval", "victim", "nothing*", *EVAL): REFUSED,
        ("crl-probe", "metrics", "victim", *PROBING, "--metric", "nothing"): REFUSED,
        ("crl-probe", "metrics", "victim", *PROBING, "--metric", ""): REFUSED,
        ("crl-probe", "report", "victim", *PROBING, "--sections", "nothing", "--out", "r"): REFUSED,
        ("crl-probe", "report", "victim", *PROBING, "--sections", "", "--out", "r"): REFUSED,
        ("crl-probe", "report", "victim", *PROBING, "--sections", ",", "--out", "r"): REFUSED,
        ("crl-train", "sweep", "point_u_maze", "--depths", "4-16", "--out", "out"): Right((2,), ("--depths",)),
        ("crl-train", "sweep", "point_u_maze", "--depths", "16-4", "--out", "out"): REFUSED,
        ("crl-train", "sweep", "point_u_maze", "--seeds", "²", "--out", "out"): REFUSED,
        ("crl-train", "sweep", "point_u_maze", "--seeds", "٣", "--out", "out"): EITHER,
        ("crl-train", "sweep", "point_u_maze", "--seeds", "", "--out", "out"): REFUSED,
        ("crl-train", "sweep", "point_u_maze", "--seeds", "0,,1", "--out", "out"): REFUSED,
        ("crl-train", "resume", "victim", "--total-env-steps", "1"): REFUSED,
    }
    for words, right in told.items():
        yield Case("options that do not fit", " ".join(words), linked(base, "victim"), words, right, trains=False)
