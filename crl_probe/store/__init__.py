"""Results on disk: files without pickle, the cache, and folders replaced whole."""
