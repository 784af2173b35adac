"""Commands inside a worker process: hundreds in a minute, and a hang or an abort costs the worker alone."""

import contextlib
import io
import multiprocessing
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tools.torture.programs import Ended

_MOST_BYTES = 8_000_000_000  # of address space; what asks for more is told so instead of the machine
_SECONDS_TO_START = 180.0


class Worker:
    """A process that runs commands one after the other, as ``click`` would, and is replaced when one ends it.

    Args:
        variables: Its whole environment.
        log: File for what libraries print past Python.
    """

    def __init__(self, variables: Mapping[str, str], log: Path) -> None:
        self._variables, self._log = dict(variables), log
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        variables: Mapping[str, str] | None = None,
        trains: bool = True,
        seconds: float = 60.0,
    ) -> Ended:
        """Run one command in a folder.

        Args:
            command: ``crl-train``, ``crl-probe`` or ``readers`` with arguments.
            folder: Working directory.
            variables: Changes to the environment, as far as they are read while a command runs.
            trains: False leaves out the training of ``crl-train run``: all before its first step is real.
            seconds: Time bound.
        """
        process = self._ensure()
        started = time.monotonic()
        self._pipe.send((tuple(command), str(folder), dict(variables or {}), trains))
        code = None
        if self._pipe.poll(seconds):
            try:
                return Ended(*self._pipe.recv(), time.monotonic() - started)
            except (EOFError, ConnectionError):
                code = process.wait()
        self.stop()
        return Ended(code, "", self._log.read_text(errors="replace")[-4000:], time.monotonic() - started)

    def stop(self) -> None:
        """End the process; the next command starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._pipe.close()
            self._process = None

    def _ensure(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._pipe, end = multiprocessing.Pipe()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.torture.worker", str(end.fileno())],
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[end.fileno()],
            )
        end.close()
        if not self._pipe.poll(_SECONDS_TO_START) or self._pipe.recv() != "ready":
            raise RuntimeError(f"a worker does not start: see {self._log}")
        return self._process


def _serve(pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    programs = _programs()
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            command, folder, variables, trains = pipe.recv()
            os.chdir(folder)
            with _surrounded(variables, trains):
                answer = _invoke(programs, command)
            pipe.send(answer)


def _programs() -> dict[str, Any]:
    import crl_probe.cli
    import crl_train.cli
    import crl_train.training  # all that is heavy, before the first command is timed
    from tools.torture import readers

    return {"crl-train": crl_train.cli.main, "crl-probe": crl_probe.cli.main, "readers": readers.main}


def _invoke(programs: Mapping[str, Any], command: Sequence[str]) -> tuple[int, str, str]:
    from click.testing import CliRunner

    program, *arguments = command
    before, sys.argv = sys.argv, list(command)
    try:
        result = CliRunner().invoke(programs[program], arguments, prog_name=program)
    finally:
        sys.argv = before
    stderr = result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        text = io.StringIO()
        traceback.print_exception(result.exception, file=text)
        stderr += text.getvalue()
    return result.exit_code, result.stdout, stderr


@contextlib.contextmanager
def _surrounded(variables: Mapping[str, str], trains: bool) -> Iterator[None]:
    import crl_train.training

    train, before = crl_train.training.train, dict(os.environ)
    os.environ.update(variables)
    if not trains:
        crl_train.training.train = lambda *args: None
    try:
        yield
    finally:
        crl_train.training.train = train
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
