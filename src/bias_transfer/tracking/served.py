"""A registered student as MLflow loads it.

This script is logged with the model; the student's folder is its artifact.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from bias_transfer.io import schemas
from bias_transfer.students import student


class ServedStudent(PythonModel):
    """Takes a column ``text``, gives P(negative) and P(positive) as ``label_0`` and ``label_1``."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the student from its folder of safetensors and JSON."""
        self.student = student.load(Path(context.artifacts["student"]))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Score each text, in order."""
        scores = self.student.predict_proba(model_input["text"].tolist())
        return pd.DataFrame(scores, columns=schemas.PROBABILITIES)


mlflow.models.set_model(ServedStudent())
