"""All parts, one after the other."""

import dataclasses
from collections.abc import Collection
from pathlib import Path

from tools.torture import kills, mutations, report_kills, writers
from tools.torture.findings import Record
from tools.torture.inputs import trials
from tools.torture.inputs.case import make_base
from tools.torture.programs import environment

_TRAINING_KILLS_FOR_A_REPORT = 20


@dataclasses.dataclass(frozen=True)
class Amounts:
    """How much of everything; 0 leaves it out.

    Attributes:
        kills: Kills of training.
        mutations: Damaged versions for each reader.
        inputs: About how many malformed inputs.
        rounds: Rounds of two writers in each shared place.
    """

    kills: int
    mutations: int
    inputs: int
    rounds: int


def torture(record: Record, work: Path, parts: Collection[str], amounts: Amounts, seed: int, until: float) -> None:
    """Run the parts.

    Args:
        record: Receives counts and findings.
        work: Folder for everything that is made.
        parts: Which of ``kills``, ``inputs``, ``mutations`` and ``writers``.
        amounts: How much of each.
        seed: Seeds all that is drawn.
        until: Time of the monotonic clock after which nothing is begun.
    """
    variables = environment(work)
    Path(variables["HOME"]).mkdir()
    if "kills" in parts:
        with record.part(kills.PART):
            kills.torture(record, work, kills=amounts.kills, seed=seed, until=until)
            reports = -(-amounts.kills // _TRAINING_KILLS_FOR_A_REPORT)
            report_kills.torture(record, work, kills=reports, seed=seed, until=until)
    if not {"inputs", "mutations", "writers"} & set(parts):
        return
    base = make_base(work / "base", variables)
    if "inputs" in parts:
        with record.part(trials.PART):
            trials.torture(record, base, work / "inputs", count=amounts.inputs, seed=seed, until=until)
    if "mutations" in parts:
        with record.part(mutations.PART):
            mutations.torture(record, base, work / "mutations", count=amounts.mutations, seed=seed, until=until)
    if "writers" in parts:
        with record.part(writers.PART):
            writers.torture(record, base, work / "writers", rounds=amounts.rounds, until=until)
