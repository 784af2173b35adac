"""The page of a report: its parts, checked one by one, in one template."""

import dataclasses
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import markdown_it
import markupsafe

from crl_probe.render.page.citation import bibtex
from crl_probe.render.page.content import Headline, Section
from crl_probe.render.page.inline import packed, write_inlined
from crl_probe.render.page.svg import chart_svg, legend_svg
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.formats import device_words
from crl_train.console import STAND_IN


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
    write_inlined(
        path,
        "index.html.j2",
        downloads,
        title=title,
        parts=parts,
        command=command,
        duration=duration,
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        device=device_words(),
        report_id=report_id,
        note=_from_markdown(note),
        bibtex=bibtex(report_id),
        sizes={name: f"{len(text.encode(errors=STAND_IN)) / 1e3:,.0f} kB" for name, text in downloads.items()},
        beside=beside,
        reload_seconds=reload_seconds,
        run_place=markupsafe.Markup('<span data-code="run">0</span>'),
        goal_place=markupsafe.Markup('<span data-code="goal">0</span>'),
    )


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
        json.dumps(packed(view.data))


def _from_markdown(text: str) -> markupsafe.Markup:
    """Markdown as HTML. Tags in it are escaped, links that run scripts are refused, and nothing is fetched."""
    return markupsafe.Markup(markdown_it.MarkdownIt("commonmark", {"html": False}).disable("image").render(text))
