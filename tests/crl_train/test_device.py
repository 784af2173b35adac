"""A device that is asked for and not there is told in one line, by every command that starts JAX."""

import subprocess
import sys

import jax
import pytest
from click.testing import CliRunner

from crl_probe.cli import main as probe_program
from crl_train.cli import main as train_program
from crl_train.device import first_device, free_memory
from crl_train.envs import registry
from crl_train.errors import ConfigError
from tests.crl_train.helpers import crl_train, new_run, tiny_config

ASKS = (
    " asks JAX for a device that it cannot start here. Unset it, or set JAX_PLATFORMS=cpu to compute on the processor."
)


def no_devices(monkeypatch, error):
    def devices():
        raise error

    monkeypatch.setattr(jax, "devices", devices)


def test_device_and_its_memory_are_there():
    assert first_device() == jax.devices()[0]
    assert free_memory() > 10**6


def failing(monkeypatch, error, **env):
    no_devices(monkeypatch, error)
    for name in ("JAX_PLATFORMS", "JAX_PLATFORM_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        first_device.__wrapped__()
    return str(caught.value)


@pytest.mark.parametrize("error", [AssertionError(), RuntimeError("Unable to initialize backend\n'cuda'")])
def test_the_setting_that_asks_is_named(monkeypatch, error):
    assert failing(monkeypatch, error, JAX_PLATFORMS="cuda") == f"JAX_PLATFORMS='cuda'{ASKS}"
    assert failing(monkeypatch, error, JAX_PLATFORM_NAME="\x1b[31m") == rf"JAX_PLATFORM_NAME='\x1b[31m'{ASKS}"


def test_without_a_setting_the_reason_is_told(monkeypatch):
    message = failing(monkeypatch, RuntimeError("no\nmemory on the GPU"))
    assert message == (
        "JAX can start no device (no memory on the GPU). Set JAX_PLATFORMS=cpu to compute on the processor."
    )
    assert failing(monkeypatch, AssertionError()).startswith("JAX can start no device (AssertionError).")


@pytest.mark.parametrize(
    "words",
    [
        ("crl-train", "run", "point_u_maze", "--preset", "smoke", "--out", "OUT"),
        ("crl-train", "sweep", "point_u_maze", "--preset", "smoke", "--out", "OUT"),
        ("crl-train", "resume", "BEGUN"),
        ("crl-train", "envs", "point_u_maze"),
        ("crl-probe", "eval", "FINISHED"),
        ("crl-probe", "metrics", "FINISHED"),
        ("crl-probe", "landscape", "FINISHED"),
        ("crl-probe", "report", "FINISHED", "--quiet", "--out", "OUT"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_every_command_that_starts_jax_says_it(finished_run, tmp_path, monkeypatch, words):
    begun = new_run(tmp_path / "begun", tiny_config())
    places = {"OUT": tmp_path / "out", "BEGUN": begun.path, "FINISHED": finished_run.path}
    no_devices(monkeypatch, AssertionError())
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    # As in a new process: neither a device nor an environment is known.
    first_device.cache_clear()
    monkeypatch.setattr(registry, "_build", registry._build.__wrapped__)
    program = {"crl-train": train_program, "crl-probe": probe_program}[words[0]]
    result = CliRunner().invoke(program, [str(places.get(word, word)) for word in words[1:]])
    assert (result.exit_code, result.stderr) == (2, f"error: JAX_PLATFORMS='cuda'{ASKS}\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["begun"]


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["cuda", "nonsense"])
def test_a_real_process_says_it(tmp_path, monkeypatch, platform):
    monkeypatch.setenv("JAX_PLATFORMS", platform)
    command = crl_train("run", "point_u_maze", "--preset", "smoke")
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (2, f"error: JAX_PLATFORMS='{platform}'{ASKS}\n")
    assert list(tmp_path.iterdir()) == []


def test_help_and_lists_start_no_device():
    check = (
        "import jax; jax.devices = None; from click.testing import CliRunner; from crl_train.cli import main; "
        "print([CliRunner().invoke(main, args).exit_code for args in (['--help'], ['envs'], ['run', '--help'])])"
    )
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout == "[0, 0, 0]\n"
