"""What every probe's result has: its agents, its numbers, and a short look for notebooks."""

from typing import TYPE_CHECKING

from crl_probe.store.showing import Shown, html_table

if TYPE_CHECKING:
    from crl_probe.probes.samples import MetricSamples
    from crl_probe.runs.run_info import RunInfo

_MOST_ROWS = 50


class ProbeResult(Shown):
    """Base of the frozen dataclasses that probes return.

    Attributes:
        runs: The agents.
    """

    runs: "tuple[RunInfo, ...]"

    def samples(self) -> "tuple[MetricSamples, ...]":
        """Every number of every run; none for a probe without metrics."""
        return ()

    def _repr_html_(self) -> str:
        samples = self.samples()
        cells = {(sample.run.name, sample.metric, sample.part, sample.source): sample.value for sample in samples}
        columns = list(dict.fromkeys(key[1:] for key in cells))
        rows = [
            [run.name, run.level, *(f"{cells.get((run.name, *column), float('nan')):.3g}" for column in columns)]
            for run in self.runs[:_MOST_ROWS]
        ]
        left_out = len(self.runs) - len(rows)
        caption = f"{self!r}, and {left_out} more runs" if left_out else repr(self)
        return html_table(caption, ["run", "level", *(", ".join(filter(None, column)) for column in columns)], rows)
