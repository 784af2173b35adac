"""What a probe declares about itself; commands, report sections, documentation and figures are made from it.

A probe is one file in this folder: settings, a result, a function ``run``, and ``PROBE``, its declaration.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from crl_probe.runs.agent import Agent

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_train.envs.goal_env import GoalEnv

Record: TypeAlias = Literal["episodes", "goals", "shared"]
Source: TypeAlias = Literal["on-policy", "shared", "grid"]


@runtime_checkable
class Findings(Protocol):
    """Numbers of a probe by level, as the sentence of its finding needs them."""

    def ends(self, metric: str, source: Source, words: str, part: str = "") -> str:
        """What a number is at the first and the last level, and whether the intervals overlap, in one sentence.

        Args:
            metric: Name of the metric.
            source: What it was measured on.
            words: The sentence up to the number, with ``{}`` where the number goes.
            part: Part that the number is about, if it has parts.

        Returns:
            Empty where there is no such number.
        """

    def at_last(self, metric: str, source: Source) -> "LastLevel | None":
        """A number at the last level, such as the deepest; None where there is none."""


@runtime_checkable
class LastLevel(Protocol):
    """A number at the last level of a study."""

    label: str
    low: float
    high: float
    num_samples: int
    has_one_seed: bool

    def __str__(self) -> str:
        """The number with its interval."""


@dataclasses.dataclass(frozen=True)
class NumberTable:
    """A table of a report's section: a row for each level, a column for each metric.

    Attributes:
        metrics: Names of metrics.
        source: What they were measured on.
        heading: Says what tells this table from another of the section; empty where it is the only one.
    """

    metrics: tuple[str, ...]
    source: Source
    heading: str = ""


def option(default: Any, flag: str, help: str, *, low: int | None = None) -> Any:
    """A field of a probe's settings that its command has as an option.

    Args:
        default: Used where the option is not given; its type is that of the option.
        flag: Name on the command line, such as ``--grid``.
        help: What it is, in one sentence; the default is added.
        low: Smallest number allowed.
    """
    return dataclasses.field(default=default, metadata={"flag": flag, "help": help, "low": low})


def anywhere(env: "GoalEnv") -> str:
    """What an environment must have for a probe that works in all of them: nothing."""
    del env
    return ""


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Probe:
    """Everything that is true of one probe.

    Attributes:
        name: Name of its module, its results and its figures.
        order: Place in reports and lists; smaller comes first.
        command: Word for it on the command line.
        title: Heading of its section.
        help: One line for ``--help``.
        settings: Frozen dataclass of its own settings; fields made by :func:`option` are options of its command.
        result: Frozen dataclass that ``run`` returns, with ``runs`` and, where it has metrics, ``samples()``.
        run: Measures the agents of some evidence. It may draw from the generator, which is seeded anew each time.
        metrics: Names of the metrics it measures.
        agent: What it needs of every agent: a protocol of ``crl_probe.runs.agent``.
        environment: Says what an environment lacks for it, in a few words, or nothing.
        records: What of the evidence it looks at.
        is_cached: Whether its result is kept on disk. Not where it reads what a checkpoint's hash does not cover.
        over_training: Whether a report with several checkpoints of each run also shows it over training.
        reading: How to read its section, in a sentence, for a result.
        finding: What the runs show, in a sentence with its numbers; empty where there is nothing to say.
        notes: More sentences below the section, for a result.
        charts: Metrics that are charted by level, on the page and on paper.
        tables: Tables of numbers on the page.
        page: What else is drawn on the page: ``module:function`` of a result; see ``crl_probe.render.page.panels``.
        paper: Its figure on paper, ``module:function`` of a result; empty for the charts by level alone.
        scale: What the two ends of the value scale mean, where views use it.
    """

    name: str
    order: int
    command: str
    title: str
    help: str
    settings: type
    result: type
    run: Callable[["Evidence", Any, np.random.Generator], Any]
    metrics: tuple[str, ...] = ()
    agent: type = Agent
    environment: Callable[["GoalEnv"], str] = anywhere
    records: tuple[Record, ...] = ()
    is_cached: bool = True
    over_training: bool = False
    reading: Callable[[Any], str]
    finding: Callable[[Findings], str] = lambda _: ""
    notes: Callable[[Any], tuple[str, ...]] = lambda _: ()
    charts: tuple[str, ...] = ()
    tables: tuple[NumberTable, ...] = ()
    page: str = ""
    paper: str = ""
    scale: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"Probe({self.name!r}, command {self.command!r})"
