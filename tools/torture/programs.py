"""The real command lines as processes: started, watched, bounded in time, one on each core."""

import concurrent.futures
import dataclasses
import os
import queue
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

ROOT = Path(__file__).resolve().parents[2]
_OWN = ("readers", "dies_at", "swaps")  # modules of these tools that are run like programs


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Exit code; minus the signal's number if a signal ended it; None if it ran into its time bound.
        stdout: What it printed.
        stderr: What it printed there, with the traceback of an exception that nobody caught.
        seconds: How long it took.
    """

    code: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """Everything that was printed."""
        return self.stdout + self.stderr


def words_of(command: Sequence[str]) -> list[str]:
    """The command with its program as a path: of this environment's scripts, or a module of these tools."""
    program, *arguments = command
    if program == "bash":
        return list(command)
    if program in _OWN:
        return [sys.executable, "-m", f"tools.torture.{program}", *arguments]
    return [str(Path(sys.executable).with_name(program)), *arguments]


def as_typed(command: Sequence[str], **variables: str) -> str:
    """The command as a line for a shell."""
    program, *arguments = command
    words = [f"python -m tools.torture.{program}" if program in _OWN else program, shlex.join(arguments)]
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in variables.items()), *words])


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """The environment of all commands: what they compile and cache is shared below ``folder``.

    Whatever of JAX, XLA and this project is set outside is left out, so that runs of these tools are alike. Programs
    that the tests have compiled are not used: JAX finds programs again only at the path where it put them, and a killed
    process may leave half a program behind.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_", "CRL_"))}
    return {
        **own,
        "JAX_COMPILATION_CACHE_DIR": str(folder / "programs"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PLATFORMS": "cpu",
        "CRL_PROBE_CACHE": str(folder / "cache"),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(folder / "home"),
        **changes,
    }


class Process:
    """A command that runs in a folder, in a session of its own, printing into files.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        variables: Its whole environment.
    """

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115  # closed by wait()
        self._started = time.monotonic()
        self.popen = subprocess.Popen(
            words_of(command),
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        return self.popen.poll() is None

    def kill(self) -> None:
        """Kill the process itself, as the system does when memory runs out; its children are left alone."""
        self.popen.kill()

    def kill_session(self) -> bool:
        """Kill whatever the process left behind; whether there was anything."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds: float) -> Ended:
        """Wait for its end, at most some seconds; then it is killed with its children."""
        try:
            code: int | None = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
            self.kill_session()
            self.popen.wait()
        return Ended(code, _text_of(self._out), _text_of(self._err), time.monotonic() - self._started)


def _text_of(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode(errors="replace")


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str], seconds: float = 120.0) -> Ended:
    """Run a command to its end."""
    return Process(command, folder, variables).wait(seconds)


def wait_for(condition: Callable[[], bool], seconds: float, process: Process | None = None) -> bool:
    """Wait until something is so; False if it is not in time, or the process ends before."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end or (process is not None and not process.is_running):
            return False
        time.sleep(0.0005)
    return True


def on_all_cores(function: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """Call the function for every item, as many at a time as there are cores; what a call starts stays on its core.

    Yields:
        The answers, in the order in which they come.
    """
    cores: queue.Queue[int] = queue.Queue()
    for core in sorted(os.sched_getaffinity(0)):
        cores.put(core)

    def bind() -> None:
        os.sched_setaffinity(0, {cores.get()})  # of this thread; new processes inherit it

    with concurrent.futures.ThreadPoolExecutor(cores.qsize(), initializer=bind) as pool:
        for done in concurrent.futures.as_completed([pool.submit(function, item) for item in items]):
            yield done.result()


def plain(value: Any) -> str:
    """A setting as the command line takes it."""
    return value if isinstance(value, str) else repr(value)
