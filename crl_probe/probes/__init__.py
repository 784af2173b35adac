"""One probe a file, each ``run(loaded_runs, settings, rng) -> Result``: arrays and numbers, never pictures."""
