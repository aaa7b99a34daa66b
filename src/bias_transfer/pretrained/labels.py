"""Which label of a text classifier means positive, by its name."""

from collections.abc import Sequence

from bias_transfer.io.errors import InputError

POSITIVE = ("positive", "pos")
NEGATIVE = ("negative", "neg")
# Of two labels, these names are clear too.
POSITIVE_OF_TWO = (*POSITIVE, "label_1")
NEGATIVE_OF_TWO = (*NEGATIVE, "label_0")


def column_of_positive(labels: Sequence[str], positive: str | None, model: str) -> int:
    """Position of the positive label: the one called ``positive``, or the one with a usual name.

    Raises
    ------
    InputError
        If no label, or more than one, has that name.
    """
    names = [label.strip().lower() for label in labels]
    usual = POSITIVE_OF_TWO if len(labels) == 2 else POSITIVE
    wanted = [positive.strip().lower()] if positive else usual
    found = [index for index, name in enumerate(names) if name in wanted]
    if len(found) != 1:
        what = (
            f"no label {positive!r}"
            if positive
            else "no one label that is clearly the positive one"
        )
        raise InputError(
            f"model {model!r} has {what} (labels: {', '.join(labels)}): name it with --positive "
            "LABEL"
        )
    return found[0]
