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
    assert part in stores.advice(error)


def test_no_advice_where_the_file_is_at_fault():
    assert stores.advice(ValueError("not a parquet file")) == ""
