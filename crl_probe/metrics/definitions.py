"""What every metric means: the text that tables, reports and JSON files print beside a number."""

import dataclasses

from crl_probe.metrics._definition_table import TABLE


@dataclasses.dataclass(frozen=True, repr=False)
class MetricDefinition:
    """One metric in words.

    Attributes:
        name: The name used everywhere: function, column, chart.
        title: The name for people.
        text: What is computed, in one sentence.
        formula: The same as one line of plain text.
        unit: Unit or range.
        higher_is: ``better``, ``worse``, or empty where a larger number is neither.
        source: Who defined it, or ``ours``.
        group: What it is about: success, landscape, spread, trajectory, geometry or contrastive.
    """

    name: str
    title: str
    text: str
    formula: str
    unit: str
    higher_is: str
    source: str
    group: str

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
