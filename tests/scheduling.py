"""Which worker runs which tests."""

from xdist.scheduler import LoadScopeScheduling

# What takes longest comes first, so that no worker is left with it while the others have nothing to do.
LONGEST = ("tests/browser",)


class ByModule(LoadScopeScheduling):
    """All tests of a module on one worker, because they share its fixtures; all those of the browser likewise."""

    def _split_scope(self, nodeid):
        module = nodeid.partition("::")[0]
        return next((long for long in LONGEST if module.startswith(long)), module)
