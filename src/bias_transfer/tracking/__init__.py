"""MLflow: runs, their inputs and figures, registered models. The only imports of mlflow."""
