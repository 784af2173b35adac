"""The largest counts that settings and options take. What fits into memory is checked where it is made."""

from typing import Final

EPISODES: Final = 1_000_000
POINTS: Final = 100_000  # shared states; some metrics compare every one with every other
PATHS: Final = 10_000  # whole episodes in the shared set, each drawn on a page
GOALS: Final = 10_000  # shared goals, each a landscape
WORKERS: Final = 1_024
