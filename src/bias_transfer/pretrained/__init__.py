"""Models that somebody else trained, from the package registry, a folder or the hub."""
