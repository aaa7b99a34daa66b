"""Students in MLflow's model registry.

No pickle is logged. Each version has a card, and the latest of each study has an alias.
"""

import io
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

import bias_transfer
from bias_transfer.io import schemas

_SERVING_LIBRARIES = (
    "mlflow", "numpy", "pandas", "pandera", "pydantic", "ruamel.yaml", "safetensors", "scipy",
    "tokenizers", "torch", "transformers",
)  # fmt: skip


def log_student(folder: Path, card: Path) -> str:
    """Log a student's folder and its card as a model of the active run, and return its id."""
    with _quiet():
        info = mlflow.pyfunc.log_model(
            name="student",
            python_model=str(Path(__file__).with_name("served.py")),
            artifacts={"student": str(folder), "card": str(card)},
            code_paths=[str(Path(bias_transfer.__file__).parent)],
            pip_requirements=[
                f"{name}=={version(name).split('+')[0]}" for name in _SERVING_LIBRARIES
            ],
            signature=ModelSignature(
                inputs=Schema([ColSpec("string", "text")]),
                outputs=Schema([ColSpec("double", name) for name in schemas.PROBABILITIES]),
            ),
            input_example=pd.DataFrame(
                {"text": ["A film of rare warmth.", "I walked out after an hour."]}
            ),
        )
    return info.model_id


def register(name: str, model_id: str, study: str, card: str, tags: dict[str, str]) -> None:
    """Make a logged model of a study the next version of the registered model ``name``.

    ``card`` is the version's description, and its first paragraph that of the registered model.
    """
    client = mlflow.MlflowClient()
    with _quiet(), redirect_stderr(io.StringIO()):  # two lines per model, printed without a logger
        made = mlflow.register_model(f"models:/{model_id}", name, tags=tags | {"study": study})
    client.update_model_version(name, made.version, card)
    client.update_registered_model(name, card.strip().partition("\n\n")[0])


def mark_latest(study: str, run_ids: Iterable[str], *, replace: bool) -> None:
    """Give the alias ``latest-STUDY`` to the versions that came from these runs.

    Without ``replace``, only where no version has it.
    """
    client, alias = mlflow.MlflowClient(), f"latest-{re.sub(r'[^A-Za-z0-9_-]', '-', study)}"
    for run_id in run_ids:
        for made in client.search_model_versions(f"run_id = '{run_id}'"):
            holder = client.get_registered_model(made.name).aliases.get(alias)
            if holder is None or (replace and str(holder) != str(made.version)):
                client.set_registered_model_alias(made.name, alias, made.version)


def withdraw(run_id: str) -> None:
    """Delete every version that came from a run which did not finish."""
    client = mlflow.MlflowClient()
    for made in client.search_model_versions(f"run_id = '{run_id}'"):
        client.delete_model_version(made.name, made.version)


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
