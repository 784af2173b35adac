"""What numbers are about, as plain values: the command, the checkpoints, and what was recorded of them."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crl_train.version import __version__

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence


def report_id(opened: Iterable["Evidence"], more: Mapping[str, Any]) -> str:
    """A short name that reports share which are about the same agents, measured in the same way by one version.

    Args:
        opened: The evidence, of any number of environments.
        more: What else decides the numbers, as plain values.
    """
    evidence = [
        (one.env.name, dataclasses.asdict(one.settings), [(run.content_hash, run.config_hash) for run in one.infos])
        for one in opened
    ]
    text = json.dumps([__version__, evidence, more], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


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
