"""An error of MLflow, its database or its artifacts is one line that says where and what to do."""

import sqlite3

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from bias_transfer.io.errors import InputError
from bias_transfer.tracking import store


@pytest.fixture
def uri(tmp_path):
    before, here = mlflow.get_tracking_uri(), f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.set_tracking_uri(here)
    yield here
    mlflow.set_tracking_uri(before)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT INTO runs", {}, sqlite3.OperationalError("the disk is full")),
        MlflowException("the disk\nis full"),
        OSError(28, "the disk is full"),
    ],
    ids=["database", "server", "artifacts"],
)
def test_error_is_one_line_with_the_store_and_the_fix(uri, error):
    with pytest.raises(InputError) as caught, store.clear_errors():
        raise error
    text = str(caught.value)
    assert text.startswith(f"MLflow at {uri} failed: ")
    assert "the disk is full" in text
    assert "INSERT" not in text
    assert "run the command again" in text


def test_database_that_cannot_be_written_is_refused_at_once(tmp_path, uri):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/none/mlflow.db")
    with (
        pytest.raises(InputError, match=r"none/mlflow\.db cannot be written"),
        store.clear_errors(),
    ):
        pytest.fail("MLflow was asked")


def test_error_of_our_own_stays_what_it_is(uri):
    with pytest.raises(InputError, match=r"^as it was$"), store.clear_errors():
        raise InputError("as it was")
