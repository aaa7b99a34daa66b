"""``import bias_transfer`` loads next to nothing, its functions are found, and examples hold."""

import doctest
import subprocess
import sys
from importlib import import_module

import pytest

import bias_transfer


def test_import_loads_nothing_heavy():
    code = "import sys, bias_transfer; print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(found.stdout.split())
    assert "bias_transfer" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "matplotlib", "torch", "mlflow", "dvc"}


def test_audit_needs_no_model_library_no_dvc_and_no_mlflow():
    code = (
        "import sys; from bias_transfer import audit, swap, transfer; "
        "import bias_transfer.cli, bias_transfer.report.figures; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    found = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = "torch transformers tokenizers mlflow dvc sklearn spacy ray yaml tqdm"
    assert not set(found.stdout.split()) & set(heavy.split())


@pytest.mark.parametrize("name", ["audit", "swap", "transfer"])
def test_functions_are_found_and_documented(name):
    function = getattr(bias_transfer, name)
    assert function.__name__ == name
    assert name in dir(bias_transfer)
    assert "Raises\n" in function.__doc__


def test_a_name_that_is_none_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        bias_transfer.audits  # noqa: B018


@pytest.mark.parametrize("name", ["audit", "transfer"])
def test_examples_hold(name):
    module = import_module(f"bias_transfer.commands.{name}")
    failed, tried = doctest.testmod(module)
    assert tried >= 3
    assert failed == 0
