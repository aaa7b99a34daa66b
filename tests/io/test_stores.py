"""An error of a store says what to do about it."""

import pytest

from bias_transfer.io import stores


class NoCredentialsError(Exception):
    """Botocore's own is called so too, and is no kind of ``PermissionError``."""


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (ImportError("Install s3fs to access S3"), "pip install 'bias-transfer[servers]'"),
        (PermissionError("Forbidden"), "wants another key: check its id and secret"),
        (NoCredentialsError("Unable to locate credentials"), "wants another key"),
        (ConnectionError("refused"), "out of reach: check its address"),
        (OSError("no route"), "out of reach: check its address"),
    ],
)
def test_advice_for(error, part):
    assert part in stores.advice("s3://bucket/reviews.csv", error)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("s3://bucket/reviews.parquet", ValueError("not a parquet file")),
        ("reviews.parquet", PermissionError("denied")),
    ],
)
def test_no_advice_where_no_store_is_at_fault(path, error):
    assert stores.advice(path, error) == ""
