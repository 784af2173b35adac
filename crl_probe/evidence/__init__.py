"""The data that probes measure on: on-policy episodes, the shared probe set, held-out pairs, positions in the maze."""
