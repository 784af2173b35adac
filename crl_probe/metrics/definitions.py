"""The meaning of every metric: the text that tables, reports and JSON files print beside a number."""

import dataclasses
from typing import Literal

from crl_probe.metrics._definition_table import TABLE


@dataclasses.dataclass(frozen=True, repr=False)
class MetricDefinition:
    """One metric in words, and what axes and number formats need to know about it.

    Attributes:
        name: The name used everywhere: function, column, chart.
        title: The name for people.
        text: What is computed, in one sentence.
        formula: The formula as one line of plain text.
        unit: Its unit; empty for shares, ratios and correlations.
        higher_is: ``better``, ``worse``, or empty where a larger number is neither.
        source: Who defined it, or ``ours``.
        group: Its subject: success, landscape, distance, spread, trajectory, geometry or contrastive.
        low: The smallest possible value; None if there is none.
        high: The largest possible value; None if there is none, or if it depends on a setting.
        chance: What an agent scores that knows nothing; None where that is not defined or depends on a setting, as
            that of retrieval does on the batch.
        summary: How the samples of a run become its number.
    """

    name: str
    title: str
    text: str
    formula: str
    unit: str
    higher_is: str
    source: str
    group: str
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    summary: Literal["mean", "median"] = "mean"

    @property
    def is_share(self) -> bool:
        """Whether it is a share of one, which is written as per cent for people."""
        return (self.low, self.high, self.unit) == (0.0, 1.0, "")

    @property
    def range_text(self) -> str:
        """The possible values in words.

        Example:
            >>> [DEFINITIONS[name].range_text for name in ("success_rate", "linear_decodability", "time_at_goal")]
            ['0 to 1', 'at most 1', 'at least 0']
        """
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.high is not None:
            return f"at most {self.high:g}"
        return "unbounded" if self.low is None else f"at least {self.low:g}"

    @property
    def unit_text(self) -> str:
        """What files and tables print beside its numbers: the unit, or the range of a number without one."""
        return self.unit or self.range_text

    def __repr__(self) -> str:
        return f"MetricDefinition({self.name!r}, {self.unit})"


DEFINITIONS: dict[str, MetricDefinition] = {
    name: MetricDefinition(name=name, group=group, **words)
    for group, rows in TABLE.items()
    for name, words in rows.items()
}


def names_of(*groups: str) -> tuple[str, ...]:
    """Names of the metrics of some groups, in the order of the definitions.

    Example:
        >>> names_of("landscape")[:2]
        ('geodesic_rank', 'euclidean_rank')
    """
    return tuple(name for name, definition in DEFINITIONS.items() if definition.group in groups)
