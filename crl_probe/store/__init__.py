"""Results on disk: files without pickle, the cache, and atomic replacement of folders."""
