"""A registered student as MLflow loads it: this script is logged with the student's folder as its one artifact."""

from pathlib import Path

import mlflow
import pandas as pd

from bias_transfer.io import schemas
from bias_transfer.students import student


class ServedStudent(mlflow.pyfunc.PythonModel):
    """``predict(DataFrame[text])`` gives P(negative) and P(positive) as ``label_0`` and ``label_1``."""

    def load_context(self, context) -> None:
        """Load the student from its folder of safetensors and JSON."""
        self.student = student.load(Path(context.artifacts["student"]))

    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.DataFrame:
        """Score each text, in order."""
        scores = self.student.predict_proba(model_input["text"].tolist())
        return pd.DataFrame(scores, columns=schemas.PROBABILITIES)


mlflow.models.set_model(ServedStudent())
