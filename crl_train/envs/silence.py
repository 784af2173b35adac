"""Imports of physics libraries that print nothing."""

import contextlib
import io
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep brax's advice to use other libraries, and a line about an optional accelerator library, from our users."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # those of brax and NumPy's about brax, while a model is read
        yield
