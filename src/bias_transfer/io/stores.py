"""Stores at fsspec URLs (``s3://``, ``memory://``, …): what an error of theirs asks for."""

from bias_transfer.io import extras


def advice(path: str, error: Exception) -> str:
    """What to do, in brackets after a blank; empty for a local path, or a fault in the file."""
    if "://" not in path:
        return ""
    if isinstance(error, ImportError):
        return f" ({extras.install('servers')} brings what s3:// needs)"
    # Botocore's own kinds are called NoCredentialsError and the like.
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        return (
            " (the store wants another key: check its id and secret, in the environment or in the "
            "store's own configuration, and that they may read and write here)"
        )
    if isinstance(error, ValueError):
        return ""
    return " (the store is out of reach: check its address, go online, or give a local copy)"
