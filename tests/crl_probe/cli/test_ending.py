"""However a command ends, it says so in one line at most, and its exit code says the rest."""

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from crl_probe.cli import main
from crl_probe.cli.ending import Program
from crl_probe.cli.interrupt import interruptible
from crl_train.atomic_file import write_text_atomically
from crl_train.cli_options import explained


def ended(work, *, stopped=lambda: ("Stopped.", 130)):
    """The result of a command that does some work."""

    @click.group(cls=Program)
    def program(): ...

    @program.command("work")
    def command():
        with explained(), interruptible(stopped):
            work()

    return CliRunner().invoke(program, ["work"])


def raising(error):
    def work():
        raise error

    return work


def test_ctrl_c_is_code_130():
    result = ended(lambda: signal.raise_signal(signal.SIGINT))
    assert (result.exit_code, result.output) == (130, "Stopped.\n")


def test_a_second_ctrl_c_is_code_130_as_well():
    def stopped():
        signal.raise_signal(signal.SIGINT)
        return "Stopped.", 130

    result = ended(lambda: signal.raise_signal(signal.SIGINT), stopped=stopped)
    assert (result.exit_code, result.output) == (130, "")


def test_ctrl_c_is_code_130_where_no_command_expects_it():
    @click.group(cls=Program)
    def program(): ...

    @program.command("work")
    def command():
        raise KeyboardInterrupt

    result = CliRunner().invoke(program, ["work"])
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.EFBIG, "File too large"), (errno.EIO, "Input/output error"), (errno.ENOSPC, "No space left on device")],
)
def test_what_cannot_be_written_is_named(code, reason):
    result = ended(raising(OSError(code, os.strerror(code), "a.pdf")))
    assert (result.exit_code, result.output) == (2, f"error: a.pdf cannot be used: {reason}.\n")


def test_other_errors_of_the_system_keep_their_traceback():
    error = OSError(errno.ECHILD, "No child processes")
    assert ended(raising(error)).exception is error


@contextlib.contextmanager
def small_files():
    """No file may have more than 50,000 bytes, as under ``ulimit -f``."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_becomes_too_large_is_named_and_the_old_one_kept(tmp_path):
    path = tmp_path / "numbers.csv"
    write_text_atomically(path, "old")
    with small_files():
        result = ended(lambda: write_text_atomically(path, 60_000 * "x"))
    told = f"error: {path} cannot be used: File too large; what was there before is kept.\n"
    assert (result.exit_code, result.output) == (2, told)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_becomes_too_large_names_the_file_and_leaves_the_old_report(finished_run, tmp_path):
    out = tmp_path / "out"
    options = ["--episodes", "2", "--workers", "1", "--sections", "success", "--no-figures", "--no-cache"]
    with small_files():
        result = CliRunner().invoke(main, ["report", str(finished_run.path), *options, "--out", str(out)])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {out / 'index.html'} cannot be used: File too large; no report was written and")
    assert list(tmp_path.iterdir()) == []


def program(code, redirection=""):
    """Run a command in a process of its own: ``work`` of the code."""
    script = f"""\
import click
from crl_probe.cli.ending import Program
from crl_train.cli_options import explained
from crl_train.console import write

@click.group(cls=Program)
def main(): ...

@main.command("work")
def command():
    with explained():
        {code}

main(["work"])
"""
    line = f'"$0" -c "$1" {redirection}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, sys.executable, script], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("code", "redirection", "ends"),
    [
        ("write('x')", ">&-", (2, "error: stdout is closed: a command prints its result there.")),
        ("write('x')", ">/dev/full", (2, "error: stdout cannot be used: No space left on device.")),
        ("write(1_000_000 * 'line of a table\\n')", "| sleep 0", (1, "")),
        ("write('x')", "2>&-", (0, "")),
    ],
)
def test_streams_that_cannot_be_written(code, redirection, ends):
    done = program(code, redirection)
    assert (done.returncode, done.stderr[: len(ends[1])]) == ends
    assert done.stderr.count("\n") == bool(ends[1])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sucess", "'success'"), ("landscap", "'landscape'"), ("rollout", "'rollouts'"), ("probe_set", "'probe-set'")],
)
def test_a_command_that_is_not_there_is_answered_with_those_near_it(typed, meant):
    result = CliRunner().invoke(main, [typed, "runs"])
    assert result.exit_code == 2
    assert f"No such command '{typed}'." in result.output
    assert meant in result.output
