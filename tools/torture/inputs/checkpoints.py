"""Checkpoints with files that are gone, cut, flipped or exchanged: every file of a policy and of a resume point."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.torture.inputs.case import EVAL, Base, Case, ends_as_planned, others_are_shown
from tools.torture.inputs.odd_content import DEEP, DIGITS, ESCAPE, WHOLE, write
from tools.torture.judge import EITHER, Right
from tools.torture.programs import Ended


def cases(base: Base) -> Iterator[Case]:
    """All cases of checkpoints."""
    for run, kind in (("victim", "policy"), ("unfinished", "resume")):
        newest = max(int(entry.name) for entry in (base.folder / run / kind).iterdir() if entry.name.isdecimal())
        step = f"{run}/{kind}/{newest}"
        for file in sorted(path for path in (base.folder / step).rglob("*") if path.is_file()):
            name = str(file.relative_to(base.folder / step))
            for damage, change in _DAMAGES.items():
                yield _case(base, run, f"{name} {damage}", _on(f"{step}/{name}", change))
        for damage, change in _manifests().items():
            yield _case(base, run, f"manifest: {damage}", _on(f"{step}/manifest/metadata", change))
        for part in ("arrays", "manifest", "arrays/d", "arrays/ocdbt.process_0"):
            yield _case(base, run, f"no folder {part}", _on(f"{step}/{part}", shutil.rmtree))
    yield from _resume_progress(base)
    yield from _steps(base)


def _case(base: Base, run: str, name: str, change: Callable[[Path], object]) -> Case:
    if run == "unfinished":

        def lay_out(folder: Path) -> None:
            base.copy(run, folder / run)
            change(folder)

        right = Right(check=ends_as_planned(base, run))
        return Case("resume point: resume", name, lay_out, ("crl-train", "resume", run, "--quiet"), right)

    def lay_out_both(folder: Path) -> None:
        base.copy(run, folder / run)
        base.copy("healthy", folder / "healthy")
        change(folder)

    right = Right((0,), check=others_are_shown(base))
    return Case(
        "policy: a damaged run beside a healthy one",
        name,
        lay_out_both,
        ("crl-probe", "eval", run, "healthy", *EVAL),
        right,
    )


def _on(name: str, change: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: change(folder / name)


# --- single files --------------------------------------------------------------------------------------------


def _flipped(path: Path, share: float) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[int(share * (len(content) - 1))] ^= 0x10
    path.write_bytes(content)


def _turned_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _turned_into_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


_DAMAGES: Final[Mapping[str, Callable[[Path], object]]] = {
    "deleted": Path.unlink,
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "with a bit flipped near its start": lambda path: _flipped(path, 0.1),
    "with a bit flipped near its end": lambda path: _flipped(path, 0.9),
    "all zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "turned into a folder": _turned_into_folder,
    "turned into a loop of links": _turned_into_loop,
}


def _manifests() -> dict[str, Callable[[Path], object]]:
    edits: dict[str, Any] = {
        "format_version": (None, True, 1.0, "1", 2),
        "sha256": (None, 1, "", "0" * 64, [], ESCAPE),
        "env_steps": (None, -1, "480", 1.5, 10**30, True, []),
    }
    found: dict[str, Callable[[Path], object]] = {}
    for key, values in edits.items():
        found[f"without {key}"] = _edited(lambda manifest, key=key: manifest.pop(key))
        for value in values:
            found[f"{key} is {value!r}"] = _edited(lambda manifest, key=key, value=value: manifest.update({key: value}))
    for name, content in WHOLE.items():
        found[f"the file is {name}"] = lambda path, content=content: path.write_bytes(content)
    for name, raw in {"5,000 digits": DIGITS, "100,000 brackets": DEEP, "NaN": "NaN"}.items():
        found[f"env_steps is {name}"] = lambda path, raw=raw: write(
            path, json.dumps({**json.loads(path.read_text()), "env_steps": "MARK"}).replace('"MARK"', raw)
        )
    return found


def _edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def edit(path: Path) -> None:
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return edit


# --- what a resume point says of its progress ----------------------------------------------------------------

_PROGRESS: Final[Mapping[str, tuple[Any, ...]]] = {
    "epoch": (None, -1, 0, 5, 10**9, "1", 1.5, True),
    "unroll": (None, -1, 1, 10**9, "0", 0.5),
    "env_steps": (None, -1, 0, 10**12, "480", 480.5),
    "updates": (None, -1, "2"),
    "seconds": (None, "1", -1e9, [1]),
    "metric_sums": (None, [], {"critic/loss": "x"}, {"nothing": 1.0}, {"critic/loss": None}),
}


def _resume_progress(base: Base) -> Iterator[Case]:
    (step,) = [entry.name for entry in (base.folder / "unfinished" / "resume").iterdir() if entry.name.isdecimal()]
    place = f"unfinished/resume/{step}/manifest/metadata"
    good = json.loads((base.folder / place).read_text())["progress"]
    for key, values in _PROGRESS.items():
        for value in (value for value in values if value != good[key] or type(value) is not type(good[key])):
            change = _edited(lambda manifest, key=key, value=value: manifest["progress"].update({key: value}))
            yield _case(base, "unfinished", f"progress: {key} is {value!r}", _on(place, change))
        change = _edited(lambda manifest, key=key: manifest["progress"].pop(key))
        yield _case(base, "unfinished", f"progress: no {key}", _on(place, change))
    for value in (None, [], "x", {}, {"extra": 1}):
        change = _edited(lambda manifest, value=value: manifest.update(progress=value))
        yield _case(base, "unfinished", f"progress is {value!r}", _on(place, change))


# --- whole steps in the wrong place --------------------------------------------------------------------------


def _steps(base: Base) -> Iterator[Case]:
    policy = base.folder / "victim" / "policy"
    first, *_, last = sorted((entry.name for entry in policy.iterdir() if entry.name.isdecimal()), key=int)
    own = base.rows["victim"]

    def shows_no_other_step(folder: Path, ended: Ended) -> str:
        rows = {row["run"]: row for row in json.loads(ended.stdout)} if ended.code == 0 else {}
        row = rows.get("victim")
        wrong = row is not None and row["env_steps"] == own["env_steps"] and row != own
        wrong = wrong or (row is not None and str(row["env_steps"]) not in _names(policy))
        return "accepted: numbers of one checkpoint are shown as those of another" if wrong else ""

    changes: dict[str, Callable[[Path], object]] = {
        "renamed to a later step": lambda run: (run / "policy" / last).rename(run / "policy" / "999999"),
        "exchanged with an earlier step": lambda run: _exchange(run / "policy" / first, run / "policy" / last),
        "of another seed": lambda run: _replace(run / "policy" / last, _newest(base.folder / "healthy" / "policy")),
        "with leading zeros": lambda run: shutil.copytree(run / "policy" / first, run / "policy" / f"000{last}9"),
        "with Arabic digits": lambda run: shutil.copytree(run / "policy" / first, run / "policy" / "٩٩٩٩٩٩"),
        "with superscript digits": lambda run: (run / "policy" / "²²²²²²").mkdir(),
        "later and empty": lambda run: (run / "policy" / "999999").mkdir(),
        "later and a file": lambda run: (run / "policy" / "999999").write_text("x"),
        "later and a loop of links": lambda run: (run / "policy" / "999999").symlink_to("999999"),
        "of 250 digits": lambda run: (run / "policy" / ("9" * 250)).mkdir(),
        "all gone": lambda run: shutil.rmtree(run / "policy"),
        "policy is a file": lambda run: _replace(run / "policy", run / "config.json"),
    }
    for name, change in changes.items():
        for command, door in (
            (("eval", "victim", "healthy", *EVAL), "eval"),
            (("eval", "victim", *EVAL), "eval alone"),
        ):

            def lay_out(folder: Path, change: Callable[[Path], object] = change) -> None:
                base.copy("victim", folder / "victim")
                base.copy("healthy", folder / "healthy")
                change(folder / "victim")

            right = Right((0,) if door == "eval" else (0, 2), check=shows_no_other_step)
            yield Case("policy: steps in the wrong place", f"{door}: {name}", lay_out, ("crl-probe", *command), right)

    def policies_are_back(folder: Path, ended: Ended) -> str:
        there = _names(folder / "victim" / "policy")
        return "" if last in there else "silent: a finished run without policies stays without"

    def without_policies(folder: Path) -> None:
        base.copy("victim", folder / "victim")
        shutil.rmtree(folder / "victim" / "policy")

    right = Right((0,), check=policies_are_back)
    resume = ("crl-train", "resume", "victim")
    yield Case("policy: steps in the wrong place", "resume: all gone", without_policies, resume, right)

    def without_resume_point(folder: Path) -> None:
        base.copy("unfinished", folder / "unfinished")
        shutil.rmtree(folder / "unfinished" / "resume")

    again = Right(check=ends_as_planned(base, "unfinished"))
    yield Case("resume point: resume", "all gone", without_resume_point, ("crl-train", "resume", "unfinished"), again)
    for name, right in (("policy", EITHER), ("resume", EITHER)):

        def emptied(folder: Path, name: str = name) -> None:
            base.copy("unfinished", folder / "unfinished")
            shutil.rmtree(folder / "unfinished" / name)
            (folder / "unfinished" / name).write_text("")

        resume = ("crl-train", "resume", "unfinished")
        yield Case("resume point: resume", f"{name} is a file", emptied, resume, right)


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()


def _newest(policy: Path) -> Path:
    return max((entry for entry in policy.iterdir() if entry.name.isdecimal()), key=lambda entry: int(entry.name))


def _replace(place: Path, source: Path) -> None:
    shutil.rmtree(place)
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copyfile(source, place)


def _exchange(one: Path, other: Path) -> None:
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)
