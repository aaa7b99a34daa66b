"""A study of the catalogue in place of the current one."""

from bias_transfer.io.errors import InputError, unknown
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def chosen(params: Params, name: str) -> Params:
    """The params with study ``name`` of ``studies`` as the current one.

    A current study need not be one of ``studies``.

    Raises
    ------
    InputError
        If there is no such study.
    """
    if name in params.studies:
        return params.with_study(name=name, **params.studies[name].model_dump())
    if name == params.study.name:
        return params
    raise InputError(unknown("study", name, params.studies))


def reported(params: Params, name: str) -> Params:
    """``chosen``, of a study that has a report here.

    Raises
    ------
    InputError
        If there is no such study, or it is not the current one and has not run.
    """
    found = chosen(params, name)
    if name != params.study.name and not Layout(found.study).report("").exists():
        raise InputError(f"study {name!r} has not run here: `make study STUDY={name}` runs it")
    return found
