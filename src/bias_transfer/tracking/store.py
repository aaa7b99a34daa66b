"""Where MLflow keeps runs; an error there becomes one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bias_transfer.io.errors import InputError

_MEND = (
    "mend that, or set MLFLOW_TRACKING_URI, and run the command again; nothing is published twice"
)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what MLflow, its database and its artifacts raise into one line.

    Raises
    ------
    InputError
        If the store is out of reach, full, or cannot be written. A local database is checked
        first, since MLflow would try for minutes.
    """
    uri = mlflow.get_tracking_uri()
    if uri.startswith("sqlite:"):
        database = Path(make_url(uri).database or "")
        if not os.access(database if database.exists() else database.parent, os.W_OK):
            raise InputError(f"MLflow's database {database} cannot be written: {_MEND}")
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise InputError(f"MLflow at {uri} failed: {reason}: {_MEND}") from error
