"""The design's one direction of flow, read off the source: who imports whom, and what an import costs."""

import ast
import graphlib
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

import crl_probe
import crl_train
from crl_train.config import TrainConfig

TRAIN, PROBE = (Path(package.__path__[0]) for package in (crl_train, crl_probe))

# A module may import from its own rank's left. Modules of one rank do not know each other.
FLOW = (
    ("version", "errors", "atomic_file", "array_likes"),
    ("run_dir",),
    ("config",),
    ("step_counts", "goal_metrics"),
    ("envs",),
    ("energy", "networks"),
    ("policy",),
    ("rollout", "evaluation"),
    ("replay",),
    ("relabel",),
    ("losses",),
    ("update",),
    ("training_state",),
    ("run_record", "checkpoint"),
    ("training",),
    ("cli_options", "cli_display"),
    ("cli",),
)
RANK = {module: rank for rank, modules in enumerate(FLOW) for module in modules}

# What the probes may know of the trainer: the disk, and read-only pieces.
OPEN_TO_PROBES = {
    "version", "errors", "atomic_file", "array_likes", "run_dir", "config", "goal_metrics", "envs", "energy",
    "networks", "policy", "rollout", "evaluation", "relabel", "run_record", "checkpoint", "cli_options",
}  # fmt: skip


# The wings of the probes, in the same way: a wing may import from those before it, and from itself.
WINGS = ("metrics", "runs", "store", "evidence", "probes", "summary", "render", "plots", "report", "cli")


def modules(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names of all modules imported anywhere in a file, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_of(package: str, names: set[str]) -> set[str]:
    """First name below the package in every import of it."""
    return {name.split(".")[1] for name in names if name.startswith(f"{package}.")}


def name_of(path: Path) -> str:
    return path.relative_to(TRAIN).with_suffix("").parts[0]


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
    heavy = {"jax", "flax", "brax", "mujoco", "orbax", "matplotlib", "plotly", "umap", "pandas"}
    assert loaded_by("import crl_probe.metrics", *heavy) == set()


def test_metrics_come_through_the_front_door_without_jax():
    heavy = {"jax", "flax", "matplotlib", "plotly", "pandas"}
    assert loaded_by("from crl_probe import metrics; dir(__import__('crl_probe'))", *heavy) == set()


def test_opening_a_run_draws_nothing():
    assert loaded_by("from crl_probe import load_run, load_runs", "matplotlib", "plotly", "pandas", "umap") == set()


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


def module_of(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts)


def nearest(dotted: str, files: dict[str, Path]) -> str | None:
    """The module that an imported name is, or is in."""
    while dotted and dotted not in files:
        dotted = dotted.rpartition(".")[0]
    return dotted or None
