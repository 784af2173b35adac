"""Pictures of results: each function takes a result and returns panels; nothing here computes a metric."""
