"""The errors that a user can cause; both command lines print them as one line and exit with code 2.

Every message follows one pattern: what is wrong with name and value, the rule, how to fix it.
"""


class CrlError(Exception):
    """Base of every error that is explained to the user rather than traced."""


class ConfigError(CrlError, ValueError):
    """A setting, name or argument has a value that cannot be used."""


class RunNotFoundError(CrlError, FileNotFoundError):
    """A run directory, or a checkpoint inside one, is not where it was looked for."""


class NotARunError(RunNotFoundError):
    """A directory that was given as a run has no config.json, and gets none: runs are made with theirs."""


class RunExistsError(CrlError, FileExistsError):
    """A run directory is already there and would have been overwritten."""


class RunLockedError(RunExistsError):
    """A run is being trained by another process."""


class CheckpointError(CrlError):
    """A checkpoint cannot be written, or what was read is not what was written."""


class RunRecordError(CheckpointError):
    """A text file of a run, config.json or metrics.jsonl, is not what was written."""


class NonFiniteError(CrlError, ArithmeticError):
    """A training metric became NaN or infinite."""
