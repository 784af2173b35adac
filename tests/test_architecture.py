"""The design's one direction of flow, read off the source: who imports whom, and what an import costs."""

import ast
import graphlib
import itertools
import subprocess
import sys

import pytest

from crl_train.config import TrainConfig
from tests.flow import (
    OPEN_TO_PROBES,
    PROBE,
    RANK,
    TRAIN,
    WINGS,
    imports,
    module_of,
    modules,
    name_of,
    nearest,
    parts_of,
)


def loaded_by(code: str, *suspects: str) -> set[str]:
    """Which of the suspects a fresh interpreter has imported after running the code."""
    check = f"import sys\n{code}\nprint(*({set(suspects)!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_trainer_never_imports_the_probes():
    for path in modules(TRAIN):
        assert not any(name.split(".")[0] == "crl_probe" for name in imports(path)), path


def test_every_module_of_the_trainer_has_its_place_in_the_flow():
    assert {name_of(path) for path in modules(TRAIN)} - {"__init__", "__main__"} == set(RANK)


@pytest.mark.parametrize(
    "path", [path for path in modules(TRAIN) if path.stem not in ("__init__", "__main__")], ids=name_of
)
def test_module_of_the_trainer_imports_leftwards_alone(path):
    importer = name_of(path)
    for imported in parts_of("crl_train", imports(path)):
        inside_envs = importer == imported == "envs"
        assert inside_envs or RANK[imported] < RANK[importer], f"{importer} imports {imported}"


def test_probes_know_the_trainer_through_its_open_pieces_alone():
    for path in modules(PROBE):
        known = parts_of("crl_train", imports(path)) - {"__version__"}
        assert known <= OPEN_TO_PROBES, f"{path.name} imports {known - OPEN_TO_PROBES}"


def test_metrics_of_the_probes_import_neither_jax_nor_pictures():
    heavy = {"jax", "flax", "brax", "mujoco", "orbax", "matplotlib", "umap", "pandas"}
    assert loaded_by("import crl_probe.metrics", *heavy) == set()


def test_metrics_come_through_the_front_door_without_jax():
    heavy = {"jax", "flax", "matplotlib", "pandas"}
    assert loaded_by("from crl_probe import metrics; dir(__import__('crl_probe'))", *heavy) == set()


def test_opening_a_run_draws_nothing():
    assert loaded_by("from crl_probe import load_run, load_runs", "matplotlib", "pandas", "umap") == set()


def test_packages_themselves_import_nothing_heavy():
    heavy = {"jax", "numpy", "scipy", "pydantic", "click"}
    assert loaded_by("import crl_train, crl_probe", *heavy) == set()


def test_every_setting_is_read_somewhere_outside_of_the_config():
    read = {
        node.attr
        for path in modules(TRAIN)
        if path.stem != "config"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("config", "self.config")
    }
    assert set(TrainConfig.model_fields) - read == set()


def test_no_two_modules_import_each_other():
    edges = {
        (name_of(path), imported) for path in modules(TRAIN) for imported in parts_of("crl_train", imports(path))
    } - {("envs", "envs")}
    assert not [pair for pair in itertools.combinations(RANK, 2) if pair in edges and pair[::-1] in edges]


def test_the_probes_consist_of_wings_alone():
    kept = {path.name for path in PROBE.iterdir() if path.name != "__pycache__"}
    assert kept == {"__init__.py", "py.typed", *WINGS}


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_imports_from_those_before_it_alone(wing):
    for path in modules(PROBE / wing):
        for imported in parts_of("crl_probe", imports(path)):
            assert imported in WINGS, f"{path} imports crl_probe.{imported}"
            assert WINGS.index(imported) <= WINGS.index(wing), f"{path} imports {imported}"


@pytest.mark.parametrize("package", [TRAIN, PROBE], ids=["crl_train", "crl_probe"])
def test_modules_import_each_other_in_no_circle(package):
    """Imports inside functions count as well: a circle that Python forgives is still one for a reader."""
    files = {module_of(path, package): path for path in modules(package)}
    edges = {
        name: {nearest(dotted, files) for dotted in imports(path)} - {None, name}
        for name, path in files.items()
        if path.name != "__init__.py"
    }
    list(graphlib.TopologicalSorter(edges).static_order())
