"""What numbers are about, as plain values: the command, the checkpoints, and what was recorded of them."""

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence


def provenance_of(opened: Iterable["Evidence"], command: str) -> dict[str, Any]:
    """What a file of numbers says about where they come from.

    Args:
        opened: The evidence, of any number of environments.
        command: Command line that made the numbers; empty where there was none.
    """
    opened = list(opened)
    return {
        "command": command,
        "evidence": {evidence.env.name: dataclasses.asdict(evidence.settings) for evidence in opened},
        "checkpoints": [dataclasses.asdict(info) for evidence in opened for info in evidence.infos],
    }
