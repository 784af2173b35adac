"""What probes look at: on-policy episodes, the shared probe set, held-out pairs, places of an environment."""
