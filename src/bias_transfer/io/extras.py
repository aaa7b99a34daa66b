"""Which extra of this package brings a module that is missing."""

from importlib.util import find_spec

from bias_transfer.io.errors import InputError

PARQUET = "pyarrow"
_MODULES = {
    "parquet": (PARQUET,),
    "swap": ("spacy",),
    "models": "accelerate huggingface_hub safetensors tokenizers torch transformers".split(),
    "study": "dvc filelock ftfy gguf mlflow sklearn statsmodels tqdm yaml".split(),
    "ray": ("ray",),
    "servers": ("dvc_s3", "dvc_ssh", "psycopg2", "s3fs", "sshfs"),
    "vllm": ("vllm",),
}
_EXTRAS = {module: extra for extra, modules in _MODULES.items() for module in modules}


def explain(module: str | None) -> str | None:
    """How to get a missing module, by its dotted name; None if no extra brings it."""
    top = (module or "").partition(".")[0]
    if top not in _EXTRAS:
        return None
    return f"this needs {top}, which is not installed: {install(_EXTRAS[top])}"


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'bias-transfer[{extra}]'"


def need_parquet(path: str) -> None:
    """Raise ``InputError`` if parquet files cannot be read or written here."""
    if find_spec(PARQUET) is None:
        raise InputError(f"{path}: parquet needs {PARQUET}: {install('parquet')}")
