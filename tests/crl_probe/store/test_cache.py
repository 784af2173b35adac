"""The cache: computes once, again when anything that matters changed, and never trusts a damaged entry."""

import ast
import concurrent.futures
import dataclasses
import logging
import threading
from pathlib import Path

import jax
import pytest

import crl_probe
from crl_probe.runs.run_info import RunInfo
from crl_probe.store import cache

RUN = RunInfo("a_d4_s0", "depth 4", "point_u_maze", 4, 4, 0, 1000, "abc")


@dataclasses.dataclass(frozen=True)
class Number:
    value: int


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return Number(self.calls)


def ask(compute, *, run=RUN, size=3, seed=0, enabled=True):
    return cache.cached("number", Number, [run], {"size": size, "seed": seed}, compute, enabled=enabled)


def test_the_same_question_is_computed_once():
    compute = Counter()
    assert ask(compute) == ask(compute) == Number(1)
    assert ask(compute, enabled=False) == Number(2)


@pytest.mark.parametrize(
    "change",
    [
        {"run": dataclasses.replace(RUN, content_hash="abd")},
        {"run": dataclasses.replace(RUN, config_hash="other settings")},
        {"size": 4},
        {"seed": 1},
    ],
)
def test_another_question_is_computed(change):
    compute = Counter()
    ask(compute)
    assert ask(compute, **change) == Number(2)


def test_other_code_is_another_question(monkeypatch):
    compute = Counter()
    ask(compute)
    monkeypatch.setattr(cache, "code_hash", lambda: "other")
    assert ask(compute) == Number(2)


def test_names_and_labels_are_no_part_of_the_question():
    compute = Counter()
    shown = dataclasses.replace(RUN, name="a_d4_s0@1000", label="depth 4 · 1,000 steps", factors={"width": 256})
    assert ask(compute) == ask(compute, run=shown) == Number(1)


def test_numeric_flags_of_jax_are_part_of_the_question(monkeypatch):
    compute = Counter()
    ask(compute)
    with jax.default_matmul_precision("float32"):
        assert ask(compute) == Number(2)
    assert ask(compute) == Number(1)


@pytest.mark.parametrize("place", [0, 66, -1], ids=["first byte", "in the header", "last byte"])
def test_a_damaged_entry_is_reported_and_replaced(own_cache, caplog, place):
    compute = Counter()
    ask(compute)
    (entry,) = (own_cache / "results").glob("*.npz")
    content = bytearray(entry.read_bytes())
    content[place] ^= 1
    entry.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert ask(compute) == Number(2)
    assert "computing number again" in caplog.text
    assert ask(compute) == Number(2)


def test_a_failed_computation_leaves_nothing(own_cache):
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ask(fail)
    assert not list(own_cache.rglob("*.npz"))


def test_several_at_once_leave_one_whole_entry(own_cache):
    together = threading.Barrier(4)

    def slowly():
        together.wait(timeout=10)
        return Number(7)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(ask, slowly) for _ in range(4)]]
    assert answers == [Number(7)] * 4
    assert len(list((own_cache / "results").iterdir())) == 1
    assert ask(Counter()) == Number(7)


def test_a_cache_that_cannot_be_written_is_done_without(own_cache, caplog):
    own_cache.parent.mkdir(exist_ok=True)
    own_cache.write_text("a file where the directory should be")
    with caplog.at_level(logging.WARNING):
        assert ask(Counter()) == Number(1)
    assert "is not cached" in caplog.text


def test_a_user_without_a_home_has_a_cache_of_this_process(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CRL_PROBE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    compute = Counter()
    assert ask(compute) == ask(compute) == Number(1)
    assert cache.clear_cache() == 1


def test_clearing_counts():
    ask(Counter())
    ask(Counter(), seed=1)
    assert cache.clear_cache() == 2
    assert cache.clear_cache() == 0


# Of the modules that probes reach, those that decide no number: how results are kept, named and spread over processes.
NOT_NUMERICAL = {
    "__init__.py",
    "runs/agent.py",
    "runs/comparability.py",
    "runs/errors.py",
    "runs/failures.py",
    "runs/factors.py",
    "runs/progress.py",
    "runs/run_info.py",
    "runs/workers.py",
    "store/archive.py",
    "store/cache.py",
    "store/compiled_umap.py",
    "store/results.py",
    "store/showing.py",
}


def test_every_module_that_a_probe_reaches_counts_as_code():
    root = Path(crl_probe.__file__).parent
    reached, waiting = set(), list((root / "probes").glob("*.py"))
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crl_probe"):
                for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    file = root.joinpath(*name.split(".")[1:]).with_suffix(".py")
                    waiting += [file] if file.is_file() else []
    used = {path.relative_to(root).as_posix() for path in reached}
    assert {"evidence/evidence.py", "runs/encode.py", "evidence/episodes.py", "probes/success.py"} <= used
    counted = {name for name in used if {name, name.partition("/")[0]} & set(cache._NUMERICAL[crl_probe])}
    assert used - counted - NOT_NUMERICAL == set()
