"""The original study's predictions, where they stand beside the checkout."""

from pathlib import Path

import pytest

from bias_transfer.bias import scores

PREDICTIONS = Path(__file__).resolve().parents[2].parent / "shared/reference/predictions"


@pytest.fixture(scope="session")
def reference():
    """The scored corpus of each of the seven systems, by name."""
    if not PREDICTIONS.is_dir():
        pytest.skip(
            f"the original study's predictions are not beside this checkout ({PREDICTIONS})"
        )
    return {path.stem: scores.read(path) for path in sorted(PREDICTIONS.iterdir())}
