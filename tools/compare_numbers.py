"""Compare the numbers of two reports on the same checkpoints: every number of the first must stand in the second.

Run it as:

    python tools/compare_numbers.py OLD/metrics.json NEW/metrics.json

It prints how many numbers are equal to the last digit, lists every other one, and exits with 1 if there is any. Files
of before the wings called the ``source`` of a number its ``evidence``, and the level of an aggregate ``depth``.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NUMBERS = ("value", "low", "high", "count")


def rows(document: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """Every row of a file with what identifies it: environment, run or level, checkpoint, metric, part and source."""
    for group in (document["runs"], *document["by_depth"].values()):
        for row in group:
            source = row.get("source", row.get("evidence"))
            yield (row["env"], row["run"] or row["label"], row["env_steps"], row["metric"], row["part"], source), row


def verdicts(document: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every judged claim: its word and the numbers of its effect."""
    for env, group in document["verdicts"].items():
        for verdict in group:
            effect = verdict["effect"] or {}
            yield (env, verdict["key"]), (verdict["word"], *(effect.get(name) for name in ("value", "low", "high")))


def checkpoints(document: Mapping[str, Any]) -> dict[str, str]:
    """Content hash of every run."""
    return {one["name"]: one["content_hash"] for one in document["settings"]["checkpoints"]}


def main(old_path: Path, new_path: Path) -> int:
    """Print the comparison and return the exit code."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (old_path, new_path))
    if checkpoints(old) != checkpoints(new):
        print("the two files are about different checkpoints: nothing can be compared.")
        return 2
    new_rows, new_verdicts = dict(rows(new)), dict(verdicts(new))
    equal, differences = 0, []
    for key, row in rows(old):
        for name in NUMBERS:
            found = new_rows[key][name] if key in new_rows else "missing"
            if found == row[name]:
                equal += 1
            else:
                differences.append(f"{' · '.join(map(str, filter(None, key)))}: {name} {row[name]!r} is now {found!r}")
    for key, told in verdicts(old):
        if new_verdicts.get(key) == told:
            equal += 1
        else:
            differences.append(f"verdict {key}: {told} is now {new_verdicts.get(key)}")
    added = len(new_rows) - sum(1 for key, _ in rows(old) if key in new_rows)
    print(
        f"{equal:,} numbers and verdicts are equal to the last digit, {len(differences):,} are not; "
        f"{added:,} rows are new."
    )
    print(*differences, sep="\n")
    return 1 if differences else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
