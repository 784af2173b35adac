"""A page with one view alone: agents in motion, for a talk or a message."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from crl_probe.render.page.inline import write_inlined
from crl_probe.render.page.views import View


def write_viewer(path: Path, title: str, view: View, *, facts: Sequence[str], note: str, command: str) -> None:
    """Write a view to one HTML file that needs nothing else.

    Args:
        path: File to write.
        title: Heading.
        view: What is shown.
        facts: What it is about, fact by fact.
        note: What should be known about it; may be empty.
        command: Command line that made the page.
    """
    made = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    write_inlined(path, "viewer.html.j2", title=title, view=view, facts=facts, note=note, command=command, made=made)
