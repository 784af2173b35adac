"""Progress reports of probes and reports, for terminals to show."""

from collections.abc import Sequence


class ProgressListener:
    """Receives progress reports and ignores them; subclasses override the methods whose reports they show.

    Probes are planned, then each begins and ends. A call of the object itself reports one step of the current work.

    Example:
        >>> progress = ProgressListener()
        >>> progress.planned("point_u_maze", ["success", "geometry"])
        >>> progress.began("success")
        >>> progress.computing()
        >>> progress("rolling out", 3, 9)
        >>> progress.ended("success")
    """

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        """Report one step of the current work.

        Args:
            words: Description of the work.
            done: Number of runs, or other equal parts, that are finished.
            total: Number of all of them; 0 if nothing is counted.
        """

    def planned(self, heading: str, titles: Sequence[str]) -> None:
        """Report that these probes will run, in this order; all earlier ones have ended.

        Args:
            heading: What is measured, such as the environment.
            titles: Titles of the probes.
        """

    def began(self, title: str) -> None:
        """Report that a probe begins: it reads its result from the cache, or computes it."""

    def computing(self) -> None:
        """Report that the result of the current probe is not in the cache and is computed."""

    def reusing(self) -> None:
        """Report that the result of the current probe was in the cache."""

    def ended(self, title: str, problem: str = "") -> None:
        """Report that a probe has its result, or the problem why it has none."""


class ForwardingProgress(ProgressListener):
    """Passes everything on to another listener.

    Args:
        listener: The other one.
    """

    def __init__(self, listener: ProgressListener) -> None:
        self._listener = listener

    @property
    def listener(self) -> ProgressListener:
        """The other one, looked up for each report."""
        return self._listener

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        self.listener(words, done, total)

    def planned(self, heading: str, titles: Sequence[str]) -> None:
        self.listener.planned(heading, titles)

    def began(self, title: str) -> None:
        self.listener.began(title)

    def computing(self) -> None:
        self.listener.computing()

    def reusing(self) -> None:
        self.listener.reusing()

    def ended(self, title: str, problem: str = "") -> None:
        self.listener.ended(title, problem)


class NotingWork(ForwardingProgress):
    """Counts what was computed and what was in the cache.

    Attributes:
        computed: Results that were not in the cache.
        reused: Results that were.
    """

    def __init__(self, listener: ProgressListener) -> None:
        super().__init__(listener)
        self.computed = self.reused = 0

    def computing(self) -> None:
        self.computed += 1
        super().computing()

    def reusing(self) -> None:
        self.reused += 1
        super().reusing()


silent = ProgressListener()
