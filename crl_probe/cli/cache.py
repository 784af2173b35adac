"""``crl-probe cache``: cached results on disk."""

import click

from crl_train.cli_options import explained
from crl_train.console import echo


@click.group("cache")
def command() -> None:
    """Show or delete cached results and compiled programs."""


@command.command()
def info() -> None:
    """Print the folder, number and size of the cached results and figures, and of compiled programs."""
    from crl_probe.store.cache import PROGRAMS, cache_directory

    for folder, pattern, words in (
        ("results", "*.npz", "results and figures"),
        (PROGRAMS, "*/*-cache", "programs"),
    ):
        place = cache_directory() / folder
        entries = list(place.glob(pattern))
        size = sum(path.stat().st_size for path in entries)
        echo(f"{place}: {len(entries)} {words}, {size / 1e6:,.1f} MB")


@command.command()
def clear() -> None:
    """Delete all of them; they are made again when needed."""
    with explained():
        from crl_probe.store.cache import clear_cache

        echo(f"deleted {clear_cache()} results and figures, and what is kept compiled")
