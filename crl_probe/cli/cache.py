"""``crl-probe cache``: cached results on disk."""

import click

from crl_train.cli_options import explained
from crl_train.console import echo


@click.group("cache")
def command() -> None:
    """Show or delete the cached results."""


@command.command()
def info() -> None:
    """Print the folder, number and size of the cached results and figures."""
    from crl_probe.store.cache import cache_directory

    place = cache_directory() / "results"
    results = list(place.glob("*.npz"))
    size = sum(path.stat().st_size for path in place.glob("*"))
    echo(f"{place}: {len(results)} results and figures, {size / 1e6:,.1f} MB")


@command.command()
def clear() -> None:
    """Delete all cached results; they are computed again when needed."""
    with explained():
        from crl_probe.store.cache import clear_cache

        echo(f"deleted {clear_cache()} results and figures")
