"""The one direction of flow of both packages, as tables, and how imports are read off the source.

``tests/test_architecture.py`` enforces the tables and ``tools/draw_architecture.py`` draws them.
"""

import ast
from pathlib import Path

import crl_probe
import crl_train

TRAIN, PROBE = (Path(package.__path__[0]) for package in (crl_train, crl_probe))

# A module may import from its own rank's left. Modules of one rank do not know each other.
FLOW = (
    ("version", "errors", "array_likes", "interrupt", "plain_path", "event_loop"),
    ("console",),
    ("atomic_file", "output", "local_path", "file_lock"),
    ("cache_folder",),
    ("compiled_programs",),
    ("run_dir", "numeric_flags", "numerics", "parsing", "memory", "presets"),
    ("config", "device"),
    ("device_mesh",),
    ("step_counts", "goal_metrics", "manifest"),
    ("envs",),
    ("energy", "networks", "run_envs"),
    ("policy", "initial_params"),
    ("rollout", "evaluation", "run_size"),
    ("replay",),
    ("relabel",),
    ("losses",),
    ("update",),
    ("training_state",),
    ("run_record", "checkpoint", "sharding"),
    ("compiled_steps", "progress"),
    ("seed_groups",),
    ("resuming",),
    ("training", "sweep"),
    ("bench",),
    ("cli_options", "cli_display", "cli_envs"),
    ("cli_train", "cli_bench"),
    ("cli_sweep",),
    ("cli",),
)
RANK = {module: rank for rank, modules in enumerate(FLOW) for module in modules}

# What the probes may know of the trainer: the disk, and read-only pieces.
OPEN_TO_PROBES = {
    "version", "errors", "atomic_file", "array_likes", "interrupt", "console", "output", "local_path", "run_dir",
    "numerics", "parsing", "memory", "config", "device", "goal_metrics", "envs", "energy", "networks",
    "initial_params", "policy", "rollout", "evaluation", "relabel", "run_envs", "run_record", "checkpoint",
    "cli_options", "cache_folder", "compiled_programs",
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


def module_of(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts)


def nearest(dotted: str, files: dict[str, Path]) -> str | None:
    """The module that an imported name is, or is in."""
    while dotted and dotted not in files:
        dotted = dotted.rpartition(".")[0]
    return dotted or None
