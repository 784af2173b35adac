"""Folders in the place of a report that hold something else, or a report that somebody changed."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tools.torture.inputs.case import PROBING, Base, Case
from tools.torture.inputs.odd_content import WHOLE
from tools.torture.judge import DONE, EITHER, REFUSED, Right
from tools.torture.programs import Ended

_COMMAND: Final = ("crl-probe", "report", "victim", *PROBING, "--sections", "success", "--quiet", "--out", "report")


def _beside(name: str) -> Callable[[Path], object]:
    def add(report: Path) -> None:
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text("somebody's")

    return add


def _link(name: str, target: str) -> Callable[[Path], object]:
    def add(report: Path) -> None:
        place = report / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    return add


def _folder(name: str) -> Callable[[Path], object]:
    def change(report: Path) -> None:
        (report / name).unlink()
        (report / name).mkdir()

    return change


def _figures_as_file(report: Path) -> None:
    shutil.rmtree(report / "figures")
    (report / "figures").write_text("x")


def _link_to_empty(report: Path) -> None:
    report.with_name("empty").mkdir()
    report.symlink_to("empty")


# What is somebody's own, and must be there afterwards.
_FOREIGN: Final[Mapping[str, Callable[[Path], object]]] = {
    "a note": _beside("notes.txt"),
    "a hidden file": _beside(".git"),
    "a folder": _beside("data/x"),
    "a file among the figures": _beside("figures/own.pdf"),
    "a folder among the figures": _beside("figures/own/x"),
    "a page of another name": _beside("index.htm"),
    "a name with a line end": _beside("new\nline"),
    "a name that is no text": _beside(os.fsdecode(b"\xff")),
    "a name with escape sequences": _beside("\x1b[31mred"),
    "a link to elsewhere": _link("data", "../victim"),
}
_CHANGED: Final[Mapping[str, Callable[[Path], object]]] = {
    "no metrics.json": lambda report: (report / "metrics.json").unlink(),
    "metrics.json is a folder": _folder("metrics.json"),
    "metrics.json is a loop of links": _link("metrics.json", "metrics.json"),
    "versions is a list": lambda report: (report / "metrics.json").write_text('{"versions": ["crl-probe"]}'),
    "versions is null": lambda report: (report / "metrics.json").write_text('{"versions": null}'),
    "versions is a number": lambda report: (report / "metrics.json").write_text('{"versions": 5}'),
    "versions is a text": lambda report: (report / "metrics.json").write_text('{"versions": "crl-probe"}'),
    "by_depth is a list": lambda report: (report / "metrics.json").write_text(
        '{"versions": {"crl-probe": "1"}, "by_depth": [1, 2]}'
    ),
    "by_depth is a number": lambda report: (report / "metrics.json").write_text(
        '{"versions": {"crl-probe": "1"}, "by_depth": 5}'
    ),
    "figures is a file": _figures_as_file,
    "figures is a link": _link("figures", "../victim"),
    "index.html is a folder": _folder("index.html"),
    "index.html is a link": _link("index.html", "../victim/config.json"),
}


def cases(base: Base) -> Iterator[Case]:
    """All cases of report folders."""
    for name, change in _FOREIGN.items():
        yield _case(base, f"a report with {name}", change, Right((2,), check=_foreign_stays))
    for name, change in _CHANGED.items():
        yield _case(base, f"a report where {name}", change, Right(check=_victim_stays))
    for name, content in WHOLE.items():
        command = Right(check=_victim_stays)
        yield _case(
            base,
            f"metrics.json is {name}",
            lambda report, content=content: (report / "metrics.json").write_bytes(content),
            command,
        )
    for name, make, right in (
        ("a file", lambda report: report.write_text("x"), REFUSED),
        ("an empty folder", lambda report: report.mkdir(), DONE),
        ("a link to nowhere", lambda report: report.symlink_to("nowhere"), EITHER),
        ("a loop of links", lambda report: report.symlink_to("report"), REFUSED),
        ("a link to a run", lambda report: report.symlink_to("victim"), REFUSED),
        ("a link to an empty folder", _link_to_empty, DONE),
        ("a run", lambda report: shutil.copytree(base.folder / "healthy", report), REFUSED),
        ("a pipe", lambda report: os.mkfifo(report), REFUSED),
    ):
        yield _case(base, f"in the place of the report: {name}", make, right, copied=False)


def _case(base: Base, name: str, change: Callable[[Path], object], right: Right, copied: bool = True) -> Case:
    def lay_out(folder: Path) -> None:
        base.copy("victim", folder / "victim")
        if copied:
            base.copy("report", folder / "report")
        change(folder / "report")

    return Case("report folders", name, lay_out, _COMMAND, right)


def _foreign_stays(folder: Path, ended: Ended) -> str:
    report = folder / "report"
    kept = any(path.is_file() and path.read_bytes() == b"somebody's" for path in report.rglob("*"))
    kept = kept or (report / "data").is_symlink()
    return "" if kept and (report / "index.html").is_file() else "lost: a refused folder was changed"


def _victim_stays(folder: Path, ended: Ended) -> str:
    return "" if (folder / "victim" / "config.json").is_file() else "lost: a run behind a link is gone"
