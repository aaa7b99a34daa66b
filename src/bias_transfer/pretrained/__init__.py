"""Models that somebody else trained: from the registry, a folder or the hub, on whatever device there is."""
