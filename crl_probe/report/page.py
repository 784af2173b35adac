"""The page itself: a template, one style sheet, one script, and plotly, all inlined once."""

import dataclasses
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
from plotly.io import to_json
from plotly.offline import get_plotlyjs

from crl_probe.figures.panels import FigureGroup
from crl_probe.report.content import Section
from crl_probe.report.headline import Headline
from crl_probe.results import RunInfo
from crl_probe.table_formats import versions


@dataclasses.dataclass(frozen=True)
class EnvPart:
    """One environment's part of the report."""

    env: str
    runs: tuple[RunInfo, ...]
    headline: Headline
    sections: tuple[Section, ...]


def write_page(path: Path, title: str, parts: Sequence[EnvPart], *, command: str, seconds: float) -> None:
    """Render the report to one HTML file that needs nothing else.

    Args:
        path: File to write.
        title: Heading.
        parts: One for each environment.
        command: Command line that made the report.
        seconds: How long that took.
    """
    figures: dict[str, Any] = {}

    def figure_id(group: FigureGroup, index: int) -> str:
        name = f"figure-{len(figures)}"
        figures[name] = json.loads(to_json(group.panels[index].figure, validate=False))
        return name

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("crl_probe.report"),
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
        seconds=seconds,
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        versions=versions(),
        figure_id=figure_id,
        style=source("style.css"),
        script=source("report.js"),
    )
    # Figures and plotly are put in last: they are megabytes that the template engine need not touch. Their places are
    # looked for with the tag before them, which text from outside cannot hold: it is escaped.
    page = _fill(page, ">/*plotly*/", get_plotlyjs().replace("</script", "<\\/script"))
    page = _fill(page, "><!--figures-->", _script_safe(json.dumps(figures, separators=(",", ":"))))
    path.write_text(page, encoding="utf-8")


def _fill(page: str, place: str, content: str) -> str:
    before, found, after = page.partition(place)
    assert found, f"the template has no {place}"
    return f"{before}>{content}{after}"


def _template_source(environment: jinja2.Environment) -> Any:
    def source(name: str) -> markupsafe.Markup:
        assert environment.loader is not None
        return markupsafe.Markup(environment.loader.get_source(environment, name)[0])  # our own files

    return source


def _script_safe(text: str) -> str:
    # Inside a script element only "<" can end it; the escape means the same to JSON.
    return text.replace("<", "\\u003c")
