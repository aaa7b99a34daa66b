"""How often the interval of a slope on a real teacher's differences holds the true slope.

The teacher's scores are its own, so that its differences lie in templates and people as they do.
What a student adds to half of them is drawn.
"""

import itertools

import numpy as np
import pandas as pd

from bias_transfer.bias.inference import slope
from bias_transfer.bias.pairs import AXES, SIDES, contrast, unit_of

TRUTH = 0.5
EFFECTS = tuple(itertools.product((0.0, 1.0), (0.0, 1.0)))  # of templates, of units
_NAMES = 20  # of either race: a pair's difference is that of two means over so many


def slopes(teacher: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Coverage of 95 % intervals of the EEC's slopes (``inference.slope``).

    Parameters
    ----------
    teacher
        The scored corpus (``bias.scores.read``), ``score`` being what is regressed on.
    draws
        Students for each axis and noise.

    Returns
    -------
    DataFrame
        ``axis``; ``template_sd`` and ``unit_sd``, the spread of gaps that templates and units have
        of their own, in units of the teacher's spread over pairs, which is also that of single
        pairs; mean degrees of freedom ``df``; ``coverage``, 0 to 1; ``n_draws``.
    """
    rows = []
    for axis, (number, sds) in itertools.product(AXES, enumerate(EFFECTS)):
        random, own = np.random.default_rng([number, draws]), contrast(teacher, axis)
        spread = own.pairs["difference"].std()
        found = []
        for _ in range(draws):
            score = TRUTH * teacher["score"] + spread * _noise(teacher, axis, *sds, random)
            student = contrast(teacher.assign(score=score), axis)
            found.append(slope.infer_coefficient(own, student, slope.SLOPE))
        held = np.mean([each.ci_low <= TRUTH <= each.ci_high for each in found])
        rows.append((axis, *sds, np.mean([each.df for each in found]), held, draws))
    columns = ["axis", "template_sd", "unit_sd", "df", "coverage", "n_draws"]
    return pd.DataFrame(rows, columns=columns)


def _noise(
    teacher: pd.DataFrame,
    axis: str,
    template_sd: float,
    unit_sd: float,
    random: np.random.Generator,
) -> np.ndarray:
    """What is drawn for each sentence, for single pairs of spread 1, shape (sentences,)."""
    side = np.where(teacher[axis] == SIDES[axis][0], 0.5, -0.5)
    template = pd.factorize(teacher["template"])[0]
    gap = template_sd * random.standard_normal(template.max() + 1)[template]
    of_pair = 1 / np.sqrt(2)
    if axis == "gender":
        unit = pd.factorize(unit_of(teacher))[0]
        gap = gap + unit_sd * random.standard_normal(unit.max() + 1)[unit]
        single = of_pair * random.standard_normal(len(teacher))
    else:
        name = pd.factorize(teacher["person"])[0]
        level = unit_sd * random.standard_normal(name.max() + 1)[name]
        single = of_pair * np.sqrt(_NAMES) * (level + random.standard_normal(len(teacher)))
    return side * gap + single
