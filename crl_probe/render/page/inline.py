"""One HTML file that needs nothing else: a template, one style sheet, the scripts and what they draw, inlined once."""

import base64
import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
import markupsafe
import numpy as np

from crl_probe.metrics import DEFINITIONS
from crl_probe.render.matplotlib_import import import_matplotlib
from crl_probe.render.page.svg import chart_svg, legend_svg
from crl_probe.render.page.views import View
from crl_probe.summary.formats import versions
from crl_train.atomic_file import write_text_atomically

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


def write_inlined(path: Path, template: str, downloads: Mapping[str, str] | None = None, **values: Any) -> None:
    """Render a template to one HTML file.

    Args:
        path: File to write.
        template: Name of one of ours.
        downloads: Text of each file that the page offers, by name.
        values: What the template shows.
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
    page = environment.get_template(template).render(
        versions=versions(),
        meanings={definition.title: definition.text for definition in DEFINITIONS.values()},
        chart=lambda chart: markupsafe.Markup(chart_svg(chart)),
        sign=lambda entry: markupsafe.Markup(legend_svg(entry)),
        view_id=store.view_id,
        style=source("style.css"),
        script=markupsafe.Markup("\n").join(without_comments(source(f"js/{name}.js")) for name in _SCRIPTS),
        **values,
    )
    data = {"views": store.views, "scale": _value_scale(), "downloads": dict(downloads or {})}
    # The data are put in last: they are megabytes that the template engine need not touch. Their place is looked for
    # with the tag before it, which text from outside cannot hold: it is escaped.
    page = _fill(page, "><!--data-->", _script_safe(json.dumps(data, separators=(",", ":"))))
    write_text_atomically(path, page)


class _Store:
    """What the script draws, collected while the template runs: it asks for the name of each view."""

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    def view_id(self, view: View) -> str:
        name = f"view-{len(self.views)}"
        self.views[name] = {
            "data": packed(view.data),
            "sliders": {control.key: control.options for control in view.controls if control.form == "slider"},
            # A control with one option is not on the page; the script is told what it would say.
            "start": {control.key: control.start for control in view.controls},
        }
        return name


def packed(value: Any) -> Any:
    """Plain values as they are, arrays as base64 of their bytes."""
    if isinstance(value, Mapping):
        return {key: packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [packed(one) for one in value]
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
    return packed((viridis(np.arange(256))[:, :3] * 255).round().astype(np.uint8))


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
