"""What is under way, told to whoever watches: probes and reports speak, terminals listen."""

from collections.abc import Sequence


class Progress:
    """A listener that shows nothing; those who show something override what they want to hear.

    Probes are planned, then each begins and ends; calling the listener tells a step of what is under way.

    Example:
        >>> progress = Progress()
        >>> progress.planned("point_u_maze", ["success", "geometry"])
        >>> progress.began("success")
        >>> progress.computing()
        >>> progress("rolling out", 3, 9)
        >>> progress.ended("success")
    """

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        """Something takes time.

        Args:
            words: What is done.
            done: Runs, or other equal pieces, that are finished.
            total: How many there are; 0 where nothing is counted.
        """

    def planned(self, heading: str, titles: Sequence[str]) -> None:
        """These probes are about to run, in this order; those planned before are over.

        Args:
            heading: What they are about, such as the environment.
            titles: Their names for people.
        """

    def began(self, title: str) -> None:
        """A probe looks for its result, and will compute it if it is not kept."""

    def computing(self) -> None:
        """The result of the probe under way was not kept: it is being made."""

    def ended(self, title: str, problem: str = "") -> None:
        """A probe has its result, or says why it has none."""


silent = Progress()
