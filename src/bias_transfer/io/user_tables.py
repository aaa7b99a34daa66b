"""Tables that somebody else wrote: CSV or parquet, local or at any fsspec URL.

Each is read as it stands, or refused.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer.io import atomic, extras, stores
from bias_transfer.io.errors import InputError

_COMPRESSED = {".gz", ".zip", ".bz2", ".xz", ".zst", ".tar", ".tgz"}
_OTHER_KINDS = {".json", ".jsonl", ".xlsx", ".xlsm", ".xls", ".ods"}


def read(path: str, **csv: Any) -> pd.DataFrame:
    """The table in ``path``; ``csv`` goes to ``pandas.read_csv``.

    Raises
    ------
    InputError
        If the file is missing, is no plain file, is compressed or JSON or a spreadsheet, cannot be
        read, has no rows, names a column twice, has rows with more fields than its header, or
        separates columns by anything but commas.
    """
    if "://" not in path:
        atomic.refuse_odd(Path(path))
    if Path(path).suffix.lower() in _COMPRESSED:
        raise InputError(
            f"{path} is compressed, and may be any size once unpacked: unpack it first"
        )
    if Path(path).suffix.lower() in _OTHER_KINDS:
        raise InputError(f"{path} is neither CSV nor parquet: save the table as one of these")
    if is_parquet(path):
        extras.need_parquet(path)
    try:
        frame = (
            # Without options, pandas asks a client of pyarrow's, which has settings of its own.
            pd.read_parquet(path, storage_options={})
            if is_parquet(path)
            else pd.read_csv(path, compression=None, **csv)
        )
    except FileNotFoundError:
        raise InputError(f"{path} is missing: check its name and folder") from None
    except Exception as error:  # pandas, pyarrow and fsspec's stores each raise their own kinds
        what = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"{path} cannot be read as CSV or parquet: {what}{stores.advice(path, error)}"
        ) from error
    _refuse_shifted(frame, path)
    if frame.empty:
        raise InputError(f"{path} has no rows (columns: {listed(frame.columns)})")
    return frame


def read_counted(path: str, **csv: Any) -> pd.DataFrame:
    """``read``, with an index that counts rows as a person does.

    From 1 in parquet, from 2 below a CSV's header.
    """
    frame = read(path, **csv)
    first = 1 if is_parquet(path) else 2
    return frame.set_axis(range(first, first + len(frame)))


def is_parquet(path: str | Path) -> bool:
    """Whether the file's name says parquet; any other is read as CSV."""
    return Path(path).suffix.lower() == ".parquet"


def listed(columns: Iterable[Any]) -> str:
    """Column names on one line, however many and whatever they hold."""
    names = [repr(str(name))[1:-1][:25] for name in columns]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _refuse_shifted(frame: pd.DataFrame, path: str) -> None:
    """Raise ``InputError`` where header and rows disagree: pandas would shift or rename columns."""
    if is_parquet(path):
        return
    only = str(frame.columns[0]) if len(frame.columns) == 1 else ""
    if ";" in only or "\t" in only:
        by = "semicolons" if ";" in only else "tabs"
        raise InputError(
            f"{path}: columns are separated by {by}: separate columns by commas, and write "
            "decimals with a point"
        )
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path}: rows have more fields than the header: quote texts that hold commas, or name "
            "them all"
        )
    names = dict.fromkeys(map(str, frame.columns))
    twice = [name for name in names if f"{name}.1" in names]  # pandas numbers them
    if twice:
        raise InputError(f"{path}: the header names column {twice[0]!r} twice: keep one of them")
