"""The page itself: a template, one style sheet and scripts, all inlined once, and charts as SVG."""

import base64
import dataclasses
import datetime
import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import markdown_it
import markupsafe
import numpy as np

from crl_probe.metrics import DEFINITIONS
from crl_probe.render.matplotlib_import import import_matplotlib
from crl_probe.render.page.citation import bibtex
from crl_probe.render.page.content import Headline, Section
from crl_probe.render.page.svg import chart_svg, legend_svg
from crl_probe.render.page.views import View
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.formats import device_words, versions
from crl_train.atomic_file import write_text_atomically
from crl_train.console import STAND_IN

# One scope holds them all, in this order: each uses what those before it define.
_SCRIPTS: Final = (
    "core",
    "plane",
    "marks",
    "charts",
    "panels",
    "cells",
    "landscape",
    "cloud",
    "trajectory",
    "rollout",
    "bodies",
    "frame",
)
# A line that starts with // or holds nothing, and lines from one that starts with /** to the one that ends in its */.
_COMMENT_LINES: Final = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)(?s:.))*\*/[ \t]*)?(?:\n|\Z)", re.MULTILINE)
_ARRAYS: Final = ("uint8", "uint16", "int32", "float32")  # what the script can read


@dataclasses.dataclass(frozen=True)
class EnvPart:
    """One environment's part of the report."""

    env: str
    runs: tuple[RunInfo, ...]
    headline: Headline
    sections: tuple[Section, ...]


def write_page(
    path: Path,
    title: str,
    parts: Sequence[EnvPart],
    *,
    command: str,
    duration: str,
    report_id: str,
    note: str = "",
    downloads: Mapping[str, str],
    beside: Sequence[str] = (),
    reload_seconds: int = 0,
) -> None:
    """Render the report to one HTML file that needs nothing else.

    Args:
        path: File to write.
        title: Heading.
        parts: One for each environment.
        command: Command line that made the report.
        duration: How long that took, in words.
        report_id: Its permanent name.
        note: Text in Markdown below the heading; HTML in it is shown as text, and pictures are left out.
        downloads: Text of each file that the page offers, by name.
        beside: Names of what else lies in its folder.
        reload_seconds: How often the page loads itself again while it is visible, to follow training; 0 for never.
    """
    store = _Store()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("crl_probe.render.page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    source = _template_source(environment)
    page = environment.get_template("index.html.j2").render(
        title=title,
        parts=parts,
        command=command,
        duration=duration,
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        device=device_words(),
        versions=versions(),
        report_id=report_id,
        note=_from_markdown(note),
        bibtex=bibtex(report_id),
        meanings={definition.title: definition.text for definition in DEFINITIONS.values()},
        downloads={name: f"{len(text.encode(errors=STAND_IN)) / 1e3:,.0f} kB" for name, text in downloads.items()},
        beside=beside,
        reload_seconds=reload_seconds,
        run_place=markupsafe.Markup('<span data-code="run">0</span>'),
        goal_place=markupsafe.Markup('<span data-code="goal">0</span>'),
        chart=lambda chart: markupsafe.Markup(chart_svg(chart)),
        sign=lambda entry: markupsafe.Markup(legend_svg(entry)),
        view_id=store.view_id,
        style=source("style.css"),
        script=markupsafe.Markup("\n").join(without_comments(source(f"js/{name}.js")) for name in _SCRIPTS),
    )
    data = {"views": store.views, "scale": _value_scale(), "downloads": dict(downloads)}
    # The data are put in last: they are megabytes that the template engine need not touch. Their place is looked for
    # with the tag before it, which text from outside cannot hold: it is escaped.
    page = _fill(page, "><!--data-->", _script_safe(json.dumps(data, separators=(",", ":"))))
    write_text_atomically(path, page)


def check_drawable(section: Section) -> None:
    """Draw the charts of a section, and pack what its views show, as :func:`write_page` will.

    What fails there would take the page with it: here the section alone can be left out.
    """
    for group in section.groups:
        for chart in group.charts:
            chart_svg(chart)
        for entry in group.legend:
            legend_svg(entry)
    for view in section.views:
        json.dumps(_packed(view.data))


class _Store:
    """What the script draws, collected while the template runs: it asks for the name of each view."""

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    def view_id(self, view: View) -> str:
        name = f"view-{len(self.views)}"
        self.views[name] = {
            "data": _packed(view.data),
            "sliders": {control.key: control.options for control in view.controls if control.form == "slider"},
            # A control with one option is not on the page; the script is told what it would say.
            "start": {control.key: control.start for control in view.controls},
        }
        return name


def _packed(value: Any) -> Any:
    """Plain values as they are, arrays as base64 of their bytes."""
    if isinstance(value, Mapping):
        return {key: _packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    if isinstance(value, np.ndarray):
        assert value.dtype.name in _ARRAYS, f"the page reads arrays of {', '.join(_ARRAYS)}, not {value.dtype}"
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return {
            "dtype": value.dtype.name,
            "shape": list(value.shape),
            "bytes": base64.b64encode(little.tobytes()).decode("ascii"),
        }
    return value


@functools.cache
def _value_scale() -> Any:
    """Viridis, as in the paper figures: perceptually uniform, safe for colour-blind readers."""
    viridis = import_matplotlib().colormaps["viridis"]
    return _packed((viridis(np.arange(256))[:, :3] * 255).round().astype(np.uint8))


def _from_markdown(text: str) -> markupsafe.Markup:
    """Markdown as HTML. Tags in it are escaped, links that run scripts are refused, and nothing is fetched."""
    return markupsafe.Markup(markdown_it.MarkdownIt("commonmark", {"html": False}).disable("image").render(text))


def _fill(page: str, place: str, content: str) -> str:
    before, found, after = page.partition(place)
    assert found, f"the template has no {place}"
    return f"{before}>{content}{after}"


def _template_source(environment: jinja2.Environment) -> Callable[[str], markupsafe.Markup]:
    def source(name: str) -> markupsafe.Markup:
        assert environment.loader is not None
        return markupsafe.Markup(environment.loader.get_source(environment, name)[0])  # our own files

    return source


def without_comments(script: str) -> markupsafe.Markup:
    """Leave out empty lines and comments that have lines to themselves: readers of a page need not load them.

    Args:
        script: JavaScript of ours, in which no text within quotes spans lines.
    """
    return markupsafe.Markup(_COMMENT_LINES.sub("", script))


def _script_safe(text: str) -> str:
    # Inside a script element only "<" can end it; the escape means the same to JSON.
    return text.replace("<", "\\u003c")
