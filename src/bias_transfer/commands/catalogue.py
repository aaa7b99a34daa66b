"""A study of the catalogue in place of the current one."""

from bias_transfer.io.errors import InputError, unknown
from bias_transfer.study.params import Params


def chosen(params: Params, name: str) -> Params:
    """The params with study ``name`` of ``studies`` as the current one.

    Raises
    ------
    InputError
        If there is no such study.
    """
    if name not in params.studies:
        raise InputError(unknown("study", name, params.studies))
    return params.with_study(name=name, **params.studies[name].model_dump())
