"""``crl-probe cache``: results kept on disk."""

import click

from crl_train.cli_options import explained


@click.group("cache")
def command() -> None:
    """Results kept on disk: where they are, and how to clear them."""


@command.command()
def info() -> None:
    """Say where results are kept, how many, and their size."""
    from crl_probe.store.cache import cache_directory

    place = cache_directory() / "results"
    results = list(place.glob("*.npz"))
    size = sum(path.stat().st_size for path in place.glob("*"))  # figures are kept beside the results they show
    click.echo(f"{place}: {len(results)} results, {size / 1e6:,.1f} MB")


@command.command()
def clear() -> None:
    """Delete all results that are kept; they are made again when needed."""
    with explained():
        from crl_probe.store.cache import clear_cache

        click.echo(f"deleted {clear_cache()} results")
