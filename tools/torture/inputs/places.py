"""Names that file systems allow and programs stumble over, wherever a command takes a path or a name."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tools.torture.inputs.archives import GEOMETRY
from tools.torture.inputs.case import EPOCHS, EVAL, PROBING, Base, Case, ends_as_planned, linked
from tools.torture.judge import DONE, EITHER, REFUSED, Right
from tools.torture.programs import Ended
from tools.torture.runs import Ending, differences, ending_of, options, settings, train_command

_NOT_TEXT: Final = os.fsdecode(b"\xff\xfe\x80")
_NAMES: Final = (
    "exp[1]", "[", "]", "[a-z]", "[!x]", "a\\b", "\\", "\\\\host", "a b", " ", "it's", 'say "x"', "new\nline",
    "a\ttab", "🦜", "ünïcödé", "e\u0301", "\u202eright", _NOT_TEXT, "x" * 200, "-dash", "--out", "$HOME", "%s", "{a}",
    "a*", "?", "gs:", ".hidden", "dot.", "a/./b", "a/../b", "\x1b[31mred", "a;b", "#1", "a=b", "a,b", "1e5", "null",
    "metrics.jsonl", "policy", "x.orbax-checkpoint-tmp-1",
)  # fmt: skip
_TOO_LONG: Final = ("x" * 256, "🦜" * 64, "/".join(["y" * 200] * 30))
_REMOTE: Final = ("gs://bucket/runs", "s3://bucket/runs", "file:///nowhere/runs", "http://host/runs", "memory://runs")


def cases(base: Base) -> Iterator[Case]:
    """All cases of paths and names."""
    trained = ending_of(base.folder / "healthy")
    for name in _NAMES:
        yield from _usable(base, name, trained)
    for name in _TOO_LONG:
        right = Right((2,), check=_nothing_made)
        yield _train(name, "--out", right)
        yield _train(name, "--name", right)
        for command in _writers(name):
            yield Case(
                "odd paths: files", f"{command[1]} {command[-2]} {name[:20]}…", linked(base, "victim"), command, REFUSED
            )
    for place in _REMOTE:
        right = Right((2,), check=_nothing_made)
        yield _train(place, "--out", right)
        yield Case("odd paths: runs", f"resume {place}", linked(), ("crl-train", "resume", place), REFUSED)
        yield Case("odd paths: runs", f"eval {place}", linked(), ("crl-probe", "eval", place), REFUSED)
    yield _at_home(trained)
    yield from _special(base)


def _at_home(trained: Ending) -> Case:
    def check(folder: Path, ended: Ended) -> str:
        if (folder / "~").exists():
            return "wrong: a folder of the name '~' is made"
        return _lost(differences(folder / "home" / "runs" / "r", trained))

    command = train_command("r", settings(EPOCHS, seed=1), "~/runs")
    home = {"HOME": "home"}
    return Case(
        "odd paths: runs", "train with --out ~/runs", linked(), command, Right((0,), check=check), variables=home
    )


def _usable(base: Base, name: str, trained: Ending) -> Iterator[Case]:
    def as_trained(folder: Path, ended: Ended) -> str:
        if ended.code == 2:
            return _nothing_made(folder, ended)
        return _lost(differences(folder / name / "r", trained))

    def as_named(folder: Path, ended: Ended) -> str:
        if ended.code == 2:
            return _nothing_made(folder, ended)
        return _lost(differences(folder / "out" / name, trained))

    yield _train(name, "--out", Right(check=as_trained))
    yield _train(name, "--name", Right(check=as_named))

    def moved(run: str) -> Callable[[Path], object]:
        return lambda folder: base.copy(run, folder / name / run)

    def own_numbers(folder: Path, ended: Ended) -> str:
        rows = json.loads(ended.stdout) if ended.code == 0 else [base.rows["victim"]]
        return "" if rows == [base.rows["victim"]] else "wrong: other numbers than at its old place"

    given = f"./{name}" if name.startswith("-") else name
    readable = Right(hides=("corrupt",), check=own_numbers)
    command: tuple[str, ...] = ("crl-probe", "eval", f"{given}/victim", *EVAL)
    yield Case("odd paths: runs", f"eval of a run moved below {name!r}", moved("victim"), command, readable)
    command = ("crl-train", "resume", f"{given}/unfinished", "--quiet")
    resumed = Right(hides=("corrupt",), check=ends_as_planned(base, f"{name}/unfinished"))
    yield Case("odd paths: runs", f"resume of a run moved below {name!r}", moved("unfinished"), command, resumed)
    yield Case("odd paths: runs", f"info of {name!r}", moved("victim"), ("crl-train", "info", f"{given}/victim"), DONE)
    for command in _writers(name):
        yield Case("odd paths: files", f"{command[1]} {command[-2]} {name!r}", linked(base, "victim"), command, EITHER)
    if "/" not in name:

        def settings_file(folder: Path) -> None:
            (folder / f"{name}.yaml").write_text("seed: 1\n")

        command = ("crl-train", "run", "point_u_maze", "--preset", "smoke", "--config", f"{given}.yaml", "--out", "out")
        yield Case("odd paths: files", f"--config {name!r}.yaml", settings_file, command, DONE, trains=False)


def _train(name: str, option: str, right: Right) -> Case:
    out, run = (name, "r") if option == "--out" else ("out", name)
    command = train_command(run, settings(EPOCHS, seed=1), out)
    return Case(
        "odd paths: runs", f"train with {option} {name[:10]!r}, {len(name)} characters", linked(), command, right
    )


def _writers(name: str) -> list[tuple[str, ...]]:
    """Every command that writes a file, each to this name."""
    given = f"./{name}" if name.startswith("-") else name
    return [
        ("crl-probe", "geometry", "victim", *GEOMETRY, "--goals", "2", "--save", f"{given}.svg"),
        ("crl-probe", "metrics", "victim", *PROBING, "--metric", "success_rate", "--format", "csv", "--out", given),
        ("crl-probe", "probe-set", "victim", *PROBING, "--out", f"{given}.npz"),
        ("crl-probe", "report", "victim", *PROBING, "--sections", "success", "--no-figures", "--quiet", "--out", given),
        (
            "crl-probe",
            "report",
            "victim",
            *PROBING,
            "--sections",
            "success",
            "--no-figures",
            "--quiet",
            "--title",
            name,
        ),
    ]


def _nothing_made(folder: Path, ended: Ended) -> str:
    made = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    made += [path.name for path in folder.iterdir() if ":" in path.name]
    return f"lost: refused, and yet there is {made[0]!r}" if made else ""


def _lost(difference: str) -> str:
    return f"lost: training succeeded, and then {difference}" if difference else ""


# --- places that are no ordinary file or folder --------------------------------------------------------------


def _special(base: Base) -> Iterator[Case]:
    def lay_out(folder: Path) -> None:
        linked(base, "victim")(folder)
        os.mkfifo(folder / "pipe")
        os.mkfifo(folder / "pipe.npz")
        (folder / "file").write_text("x")
        (folder / "loop").symlink_to("loop")
        (folder / "dangling").symlink_to("nowhere/at/all")
        (folder / "folder.npz").mkdir()
        run = base.copy("healthy", folder / "piped")
        (run / "config.json").unlink()
        os.mkfifo(run / "config.json")
        run = base.copy("healthy", folder / "piped_curve")
        (run / "metrics.jsonl").unlink()
        os.mkfifo(run / "metrics.jsonl")

    odd = ("", "file", "file/x", "pipe", "loop", "loop/x", "/dev/null", "/dev/full", "/proc/x", "/sys/x", "folder.npz")
    train = ("crl-train", "run", "point_u_maze", "--preset", "smoke")
    for place in odd:
        for words in (
            (*train, *options(settings(EPOCHS)), "--out", place),
            (*train, "--config", place, "--out", "out"),
            ("crl-train", "resume", place),
            ("crl-train", "info", place),
            ("crl-probe", "eval", place),
            ("crl-probe", "geometry", "victim", *GEOMETRY, "--probe-set", place),
            ("crl-probe", "report", "victim", *PROBING, "--sections", "success", "--quiet", "--out", place),
            ("crl-probe", "probe-set", "victim", *PROBING, "--out", place),
        ):
            name = f"{words[0]} {words[1]} {words[words.index(place) - 1]} {place!r}"
            yield Case("odd paths: special files", name, lay_out, words, EITHER, trains=False, seconds=60)
    for words in (
        (*train, "--config", "/dev/zero", "--out", "out"),
        ("crl-train", "info", "piped"),
        ("crl-train", "info", "piped_curve"),
        ("crl-probe", "eval", "piped", "victim"),
        ("crl-probe", "geometry", "victim", *GEOMETRY, "--probe-set", "pipe.npz"),
        ("crl-probe", "geometry", "victim", *GEOMETRY, "--probe-set", "/dev/zero"),
    ):
        told = " ".join([*words[:3], *words[-2:]])
        yield Case("odd paths: special files", told, lay_out, words, EITHER, trains=False, seconds=60)
    for place in ("file", "pipe", "loop", "dangling", "/dev/null", "", "folder.npz"):
        command = ("crl-probe", "geometry", "victim", *GEOMETRY, "--goals", "2")
        name = f"the cache is {place!r}"
        variables = {"CRL_PROBE_CACHE": place}
        yield Case("odd paths: special files", name, lay_out, command, DONE, variables=variables, seconds=60)
