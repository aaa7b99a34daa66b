"""What a study found, in words, tables, figures, one page, and notes for MLflow."""
