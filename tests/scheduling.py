"""Which worker runs which tests, and in what order."""

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser"

# What takes longest comes first, so that no worker is left with it while the others have nothing to do.
LONGEST = (
    "tests/crl_train/envs",
    "tests/crl_train/test_training.py",
    BROWSER,
    "tests/e2e",
    "tests/crl_train/test_update.py",
    "tests/crl_probe/cli/test_commands.py",
    "tests/test_docs.py",
    "tests/crl_train/test_rollout.py",
    "tests/crl_train/test_networks.py",
    "tests/crl_probe/report",
)


def rank(nodeid: str) -> int:
    """Place of a test's module among the longest; all others come after them."""
    return next((place for place, module in enumerate(LONGEST) if nodeid.startswith(module)), len(LONGEST))


class ByModule(LoadScopeScheduling):
    """All tests of a module on one worker, because they share its fixtures; all those of the browser likewise."""

    def _split_scope(self, nodeid):
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]
