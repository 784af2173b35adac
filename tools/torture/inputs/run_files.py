"""config.json and metrics.jsonl of a run that were edited, cut short, or written by something else."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.torture.inputs.case import EVAL, Base, Case, ends_as_planned, others_are_shown
from tools.torture.inputs.odd_content import DEEP, DIGITS, ESCAPE, WHOLE, short, write
from tools.torture.judge import DONE, EITHER, REFUSED, Right

# Values that no key takes, as they are written in JSON.
_NEVER: Final[Mapping[str, str]] = {
    "5,000 digits": DIGITS,
    "100,000 brackets": DEEP,
    "1e400": "1e400",
    "NaN": "NaN",
    "nested lists": '[["a", {"b": []}]]',
}


def cases(base: Base) -> Iterator[Case]:
    """All cases of the two text files."""
    yield from _config_cases(base)
    yield from _metrics_cases(base)


# --- config.json ---------------------------------------------------------------------------------------------

_RECORD_EDITS: Final[Mapping[str, tuple[Any, ...]]] = {
    "format_version": (None, True, 1.0, "1", 0, 2, -1, [1], {}, 10**30),
    "config": (None, [], "x", 1, {}, True),
    "versions": (None, [], "x", 1, {"jax": None}, {"jax": 1}),
    "device": (None, [], {}, 1, True, ESCAPE, "x" * 100_000),
    "command": (None, [], {}, 1, ESCAPE, "a\nb\nc", "x" * 100_000),
    "created": (None, [], 1, "yesterday", ESCAPE),
}
_TEXTS: Final = ("device", "command", "created")  # any text may stand there, as long as it is shown with care
_SETTING_EDITS: Final[Mapping[str, tuple[Any, ...]]] = {
    "env": (None, 1, [], "", "nowhere", "../../etc", ESCAPE, "point_u_maze\n", "x" * 100_000),
    "seed": (None, -1, 2**32, 1.5, "0", True, 10**30),
    "episode_length": (0, -1, 10**12, 1.5, "15", True, [15]),
    "total_env_steps": (None, 0, -1, 10**30, 1e18, "9", [], True),
    "num_epochs": (None, 0, 10**12, 1.5, "6"),
    "num_envs": (0, -8, 10**12, "8"),
    "actor_depth": (None, 0, 3, -4, 4.0, 10**9, "4"),
    "critic_depth": (8, 2**40),
    "width": (0, -1, 10**12, 17, "16"),
    "repr_dim": (0, 10**12, 9, None),
    "activation": (None, "tanh", 1, ["swish"]),
    "layer_norm": (None, 1, "true", False),
    "energy": (None, "nothing", 0, "cosine"),
    "discount": (0, 1, -1, 2, None, "0.99"),
    "exploration": ("best_of_0", "best_of_1000000000", "best_of_" + DIGITS, 1, None, ""),
    "evaluation": ("best_of_-1", "mean\n", [], ESCAPE),
    "max_replay_size": (1, 10**15, 5),
    "eval_env": ("nowhere", 1, ESCAPE),
}
# Values that are settings like any other: the run is a different one then, so its arrays may not fit or may.
_POSSIBLE: Final = {
    ("layer_norm", "False"),
    ("energy", "cosine"),
    ("critic_depth", "8"),
    ("width", "17"),
    ("repr_dim", "9"),
}


def _config_cases(base: Base) -> Iterator[Case]:
    good = json.loads((base.folder / "victim" / "config.json").read_text())
    text = json.dumps(good, indent=2)
    for key, values in _RECORD_EDITS.items():
        yield from _config_case(base, f"without {key}", _without(good, key), REFUSED)
        for value in values:
            right = EITHER if key in _TEXTS and isinstance(value, str) else REFUSED
            yield from _config_case(base, f"{key} is {short(value)}", {**good, key: value}, right)
    for key, values in _SETTING_EDITS.items():
        for value in values:
            edited = {**good, "config": {**good["config"], key: value}}
            possible = (key, str(value)) in _POSSIBLE
            name = f"config.{key} is {short(value)}"
            # Saying what a run is takes no environment.
            told = possible or (key in ("env", "eval_env") and isinstance(value, str))
            yield from _config_case(base, name, edited, EITHER if told else REFUSED, possible)
    for name, raw in _NEVER.items():
        for key in ("format_version", "device"):
            yield from _config_case(base, f"{key} is {name}", text.replace(json.dumps(good[key]), raw, 1), EITHER)
        edited_text = text.replace('"seed": 0', f'"seed": {raw}')
        yield from _config_case(base, f"config.seed is {name}", edited_text, REFUSED)
    for name, content in WHOLE.items():
        yield from _config_case(base, f"the file is {name}", content, REFUSED)
    yield from _config_case(base, "an unknown key", {**good, "extra": 1}, REFUSED)
    yield from _config_case(base, "an unknown setting", {**good, "config": {**good["config"], "widht": 1}}, REFUSED)
    yield from _config_case(base, "a byte order mark", b"\xef\xbb\xbf" + text.encode(), EITHER)
    yield from _config_case(base, "a comma too many", text.rstrip().rstrip("}") + ",}", REFUSED)
    yield from _config_case(base, "two documents", text + text, REFUSED)
    yield from _config_case(base, "lines end in CR LF", text.replace("\n", "\r\n"), DONE)
    for share in range(1, 8):
        yield from _config_case(base, f"cut after {share}/8", text[: len(text) * share // 8], REFUSED)


def _config_case(base: Base, name: str, content: Any, right: Right, other: bool = False) -> Iterator[Case]:
    def lay_out(folder: Path) -> None:
        base.copy("victim", folder / "victim")
        write(folder / "victim" / "config.json", content)

    yield Case("config.json: info", name, lay_out, ("crl-train", "info", "victim"), right)

    def lay_out_both(folder: Path) -> None:
        lay_out(folder)
        base.copy("healthy", folder / "healthy")

    command = ("crl-probe", "eval", "victim", "healthy", *EVAL)
    shown = Right((0,), check=None if other else others_are_shown(base))
    yield Case("config.json: a damaged run beside a healthy one", name, lay_out_both, command, shown)


# --- metrics.jsonl -------------------------------------------------------------------------------------------

_LINES: Final[Mapping[str, str]] = {
    "a list": "[1]",
    "a number": "5",
    "null": "null",
    "a text": '"x"',
    "true": "true",
    "no key": "{}",
    "no env_steps": '{"epoch": 1}',
    "env_steps is text": '{"epoch": 1, "env_steps": "480"}',
    "env_steps is null": '{"epoch": 1, "env_steps": null}',
    "env_steps is a list": '{"epoch": 1, "env_steps": []}',
    "env_steps is true": '{"epoch": 1, "env_steps": true}',
    "env_steps is negative": '{"epoch": 1, "env_steps": -1}',
    "env_steps is 1e400": '{"epoch": 1, "env_steps": 1e400}',
    "env_steps is NaN": '{"epoch": 1, "env_steps": NaN}',
    "5,000 digits": f'{{"epoch": 1, "env_steps": {DIGITS}}}',
    "only digits": DIGITS,
    "100,000 brackets": DEEP,
    "100,000 braces": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "not JSON": "{epoch: 1}",
    "cut short": '{"epoch": 1, "env_st',
    "empty": "",
    "spaces": "   ",
    "NUL bytes": "\0\0\0",
    "escape sequences": ESCAPE,
    "two objects": '{"epoch": 1} {"epoch": 2}',
}
_VALUES: Final = ("null", "NaN", "Infinity", "-1e999", '"0.5"', "[]", "{}", "true", DIGITS)


def _metrics_cases(base: Base) -> Iterator[Case]:
    for run in ("victim", "unfinished"):
        lines = (base.folder / run / "metrics.jsonl").read_text().splitlines()
        for name, line in _LINES.items():
            for place, changed in (
                ("first", [line, *lines[1:]]),
                ("added at the end", [*lines, line]),
            ):
                yield from _metrics_case(base, run, f"{place} line: {name}", "\n".join(changed) + "\n")
        for key in ("env_steps", "epoch", "eval/success_rate", "eval/time_at_goal", "time/seconds", "critic/loss"):
            for value in _VALUES:
                rows = [json.loads(line) for line in lines]
                marked = json.dumps({**rows[0], key: "MARK"}).replace('"MARK"', value)
                text = "\n".join([marked, *lines[1:]]) + "\n"
                yield from _metrics_case(base, run, f"{key} is {short(value)}", text)
        for name, content in WHOLE.items():
            yield from _metrics_case(base, run, f"the file is {name}", content)
        yield from _metrics_case(base, run, "all lines twice", "\n".join([*lines, *lines]) + "\n")
        yield from _metrics_case(base, run, "lines backwards", "\n".join(lines[::-1]) + "\n")
        yield from _metrics_case(base, run, "CR LF", "\r\n".join(lines) + "\r\n")


def _metrics_case(base: Base, run: str, name: str, content: str | bytes) -> Iterator[Case]:
    def lay_out(folder: Path) -> None:
        base.copy(run, folder / run)
        write(folder / run / "metrics.jsonl", content)

    if run == "unfinished":
        # Its only line is before its resume point, so what a resume keeps of it is for the reader to accept or refuse.
        right = Right(check=None if "is the file" in name else _policies_as_planned(base))
        yield Case("metrics.jsonl: resume", name, lay_out, ("crl-train", "resume", run, "--quiet"), right)
        return
    yield Case("metrics.jsonl: info", name, lay_out, ("crl-train", "info", run))

    def lay_out_both(folder: Path) -> None:
        lay_out(folder)
        base.copy("healthy", folder / "healthy")

    # A damaged curve costs that curve, not the agent: both are rolled out.
    shown = Right((0,), ('"run": "victim"',), check=others_are_shown(base))
    command = ("crl-probe", "eval", run, "healthy", *EVAL)
    yield Case("metrics.jsonl: a damaged curve beside a healthy one", name, lay_out_both, command, shown)


def _policies_as_planned(base: Base) -> Callable[[Path, Any], str]:
    whole = ends_as_planned(base, "unfinished")

    def check(folder: Path, ended: Any) -> str:
        found = whole(folder, ended)
        return "" if "metrics.jsonl" in found or "cannot be read" in found else found

    return check


def _without(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}
