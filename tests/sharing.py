"""What the worker processes of one test session share: things made once, and the machine while something is timed."""

import contextlib
import fcntl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def holding(lock: Path, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock file; the lock ends with the process, however it ends."""
    with lock.open("w") as file:
        fcntl.flock(file, kind)
        yield


def made_once(path: Path, make: Callable[[Path], object]) -> Path:
    """A folder that the first process to ask makes, and that all others find; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with holding(path.with_name(f".{path.name}.lock")):
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
                make(Path(folder) / path.name)
                (Path(folder) / path.name).rename(path)
    return path


class Machine:
    """Tests run side by side, except for those that measure time: while one does, the others wait."""

    def __init__(self, folder: Path) -> None:
        self._running = folder / ".running"
        self._next = folder / ".next"  # held by whoever waits to be alone, so that nobody slips in before
        self._shared = contextlib.ExitStack()

    @contextlib.contextmanager
    def beside_others(self) -> Iterator[None]:
        """Run beside other tests, unless one of them is alone."""
        with holding(self._next):
            self._shared.enter_context(holding(self._running, fcntl.LOCK_SH))
        with self._shared:
            yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Run alone, within :meth:`beside_others`."""
        self._shared.close()  # first of all: two tests that both waited for the other would wait forever
        try:
            with holding(self._next), holding(self._running):
                yield
        finally:
            with holding(self._next):
                self._shared.enter_context(holding(self._running, fcntl.LOCK_SH))
