"""Which worker runs which tests, and in what order."""

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser"

# These draw with UMAP, which compiles for a minute when it is first used. On one worker the others find it compiled.
UMAP = (
    "tests/e2e/test_train_probe_report.py",
    "tests/crl_probe/report/test_report.py",
    "tests/crl_probe/probes/test_projection.py",
    "tests/test_docs.py",
    BROWSER,
)

# What takes longest comes first, so that no worker is left with it while the others have nothing to do.
LONGEST = (
    *UMAP,
    "tests/crl_train/envs",
    "tests/crl_train/test_training.py",
    "tests/e2e",
    "tests/crl_train/test_update.py",
    "tests/crl_probe/cli/test_commands.py",
    "tests/crl_train/test_rollout.py",
    "tests/crl_train/test_networks.py",
    "tests/crl_probe/report",
)


def rank(nodeid: str) -> int:
    """Place of a test's module among the longest; all others come after them."""
    return next((place for place, module in enumerate(LONGEST) if nodeid.startswith(module)), len(LONGEST))


class ByModule(LoadScopeScheduling):
    """All tests of a module on one worker, because they share its fixtures; all those with UMAP likewise."""

    def _split_scope(self, nodeid):
        return "UMAP" if nodeid.startswith(UMAP) else nodeid.partition("::")[0]
