"""The slope between two systems: coefficients, CR2 computed in other ways, and coverage."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from bias_transfer.bias.inference import slope
from bias_transfer.bias.inference.slope import (
    _name_influence,
    coefficients,
    cr2,
    infer_coefficient,
    regress,
)
from bias_transfer.bias.inference.two_way import cr2_variance, satterthwaite_df
from bias_transfer.bias.pairs import FRAME, contrast, of_pairs
from bias_transfer.corpora import eec
from bias_transfer.corpora.eec import AFRICAN_AMERICAN

CORPUS = eec.generate()
SLOPE = np.array([0.0, 1.0])
AXES = ("gender", "race")


def scores(seed):
    """Effects of template, person, their cell and sentence."""
    random = np.random.default_rng(seed)
    template, person = (CORPUS.groupby(by).ngroup().to_numpy() for by in ("template", "person"))
    cell = random.standard_normal((template.max() + 1, person.max() + 1))
    noise = random.standard_normal(len(CORPUS))
    return CORPUS.assign(
        score=cell[template, person] + random.standard_normal(person.max() + 1)[person] + noise
    )


def crossed(values, templates=6, units=4, seed=0):
    """A contrast of as many pairs as ``values``, each in a template and unit drawn at random."""
    random = np.random.default_rng(seed)
    drawn = {
        "template": random.integers(templates, size=len(values)),
        "unit": random.integers(units, size=len(values)),
    }
    return of_pairs(pd.DataFrame(drawn | {"difference": values}))


def explicit(design, residual, clusters, coefficient):
    """CR2 and its degrees of freedom by full matrices.

    Equations 6 and 11 of Pustejovsky and Tipton (2018).
    """
    inverse = np.linalg.inv(design.T @ design)
    annihilator = np.eye(len(design)) - design @ inverse @ design.T
    variance, quadratic = 0.0, np.zeros_like(annihilator)
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        values, vectors = np.linalg.eigh(annihilator[np.ix_(rows, rows)])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        adjusted = root @ design[rows] @ inverse @ coefficient
        variance += (adjusted @ residual[rows]) ** 2
        p = annihilator[:, rows] @ adjusted
        quadratic += np.outer(p, p)
    eigenvalues = np.linalg.eigvalsh(quadratic)
    return variance, eigenvalues.sum() ** 2 / (eigenvalues**2).sum()


def by_explicit(x, y, coefficient, by):
    difference = x.pairs["difference"].to_numpy()
    design = np.column_stack([np.ones_like(difference), difference])
    residual = y.pairs["difference"].to_numpy() - design @ coefficients(x, y)
    return explicit(design, residual, y.pairs.groupby(by).ngroup().to_numpy(), coefficient)


@pytest.fixture(scope="module")
def systems():
    return scores(0), scores(1).assign(
        score=lambda frame: frame["score"] + 0.4 * scores(0)["score"]
    )


@pytest.fixture(scope="module")
def small():
    random = np.random.default_rng(2)
    x = random.standard_normal(40)
    return crossed(x), crossed(0.3 - 0.5 * x + random.standard_normal(40))


@pytest.mark.parametrize("axis", AXES)
def test_coefficients_are_those_of_polyfit(systems, axis):
    x, y = (contrast(frame, axis) for frame in systems)
    steepness, intercept = np.polyfit(x.pairs["difference"], y.pairs["difference"], 1)
    assert coefficients(x, y).tolist() == pytest.approx([intercept, steepness])
    line = regress(x, y)
    assert (line.intercept.mean, line.slope.mean) == pytest.approx((intercept, steepness))


def test_one_coefficient_is_that_of_the_line(systems):
    for axis in AXES:
        x, y = (contrast(frame, axis) for frame in systems)
        line = regress(x, y)
        assert infer_coefficient(x, y, slope.SLOPE) == line.slope
        assert infer_coefficient(x, y, slope.INTERCEPT) == line.intercept


def test_the_slope_of_a_difference_is_the_difference_of_the_slopes(systems):
    x, y = (contrast(frame, "gender") for frame in systems)
    change = contrast(systems[0].assign(score=systems[1]["score"] - systems[0]["score"]), "gender")
    assert coefficients(x, change) == pytest.approx(coefficients(x, y) - [0, 1])


@pytest.mark.parametrize("number", [0, 1])
def test_one_observation_a_cluster_is_hc2(number):
    random = np.random.default_rng(3)
    design = sm.add_constant(random.standard_normal(25))
    fit = sm.OLS(random.standard_normal(25) * (1 + design[:, 1] ** 2), design).fit(cov_type="HC2")
    variance, df = cr2(design, np.asarray(fit.resid), np.arange(25), np.eye(2)[number])
    assert variance == pytest.approx(fit.bse[number] ** 2)
    assert 1 < df < 24


def test_an_intercept_alone_is_the_clustered_mean():
    random = np.random.default_rng(4)
    values, clusters = random.standard_normal(30), np.sort(random.integers(5, size=30))
    residual = values - values.mean()
    variance, df = cr2(np.ones((30, 1)), residual, clusters, np.ones(1))
    sums, leverage = (
        pd.Series(residual / 30).groupby(clusters).sum(),
        pd.Series(clusters).value_counts() / 30,
    )
    assert variance == pytest.approx(cr2_variance(sums, leverage))
    assert df == pytest.approx(satterthwaite_df(leverage))


@pytest.mark.parametrize("coefficient", [[1.0, 0.0], [0.0, 1.0], [1.0, -2.0]])
@pytest.mark.parametrize("by", [["template"], ["unit"], ["template", "unit"]])
def test_cr2_is_that_of_full_matrices(small, by, coefficient):
    x, y = small
    difference = x.pairs["difference"].to_numpy()
    design = np.column_stack([np.ones_like(difference), difference])
    residual = y.pairs["difference"].to_numpy() - design @ coefficients(x, y)
    clusters = y.pairs.groupby(by).ngroup().to_numpy()
    expected = explicit(design, residual, clusters, np.array(coefficient))
    assert cr2(design, residual, clusters, np.array(coefficient)) == pytest.approx(expected)


def test_the_unit_of_a_system_does_not_change_the_slope_s_p(small):
    x, y = small
    scaled = replace(y, pairs=y.pairs.assign(difference=100 * y.pairs["difference"]))
    one, other = regress(x, y).slope, regress(x, scaled).slope
    assert other.se == pytest.approx(100 * one.se)
    assert (other.p_value, other.df) == pytest.approx((one.p_value, one.df))


def test_a_cluster_that_alone_decides_the_slope_adds_no_variance_of_its_own():
    # x differs from 0 in the last cluster alone, which is one row: its residual is 0 whatever its
    # value is.
    design = np.column_stack([np.ones(7), [0, 0, 0, 0, 0, 0, 1]])
    clusters = np.array([0, 0, 1, 1, 2, 2, 3])
    values = np.random.default_rng(5).standard_normal(7)
    residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    variance, df = cr2(design, residual, clusters, SLOPE)
    assert residual[-1] == pytest.approx(0, abs=1e-12)
    # What is left is the error of the mean of the other three clusters.
    sums = pd.Series(residual[:6] / 6).groupby(clusters[:6]).sum()
    assert variance == pytest.approx(cr2_variance(sums, pd.Series([1 / 3] * 3)))
    assert np.isfinite(df)


@pytest.mark.parametrize(
    ("name", "coefficient"), [("intercept", [1.0, 0.0]), ("slope", [0.0, 1.0])]
)
def test_gender_variance_is_two_way_over_templates_and_noun_pairs(small, name, coefficient):
    x, y = small
    (template, df), (unit, other_df), (both, _) = (
        by_explicit(x, y, np.array(coefficient), by)
        for by in ("template", "unit", ["template", "unit"])
    )
    found = getattr(regress(x, y), name)
    assert found.se == pytest.approx(np.sqrt(max(template + unit - both, template, unit)))
    assert found.df == pytest.approx(min(df, other_df))


def weighted_line(x, y, weights):
    """Intercept and slope of the race pairs where names have ``weights``, by name.

    A name has its weight within its race and gender. A frame's difference is that of the races'
    weighted means, averaged over the genders, in both systems.
    """
    sides = []
    for frame in (x, y):
        named = frame[frame["race"] != ""]
        weight = named["person"].map(weights)
        parts = pd.DataFrame({"sum": weight * named["score"], "weight": weight})
        mean = parts.groupby(
            [*(named[name] for name in FRAME), named["gender"], named["race"]], sort=False
        ).sum()
        by_race = (
            (mean["sum"] / mean["weight"]).unstack(sort=False).groupby(FRAME, sort=False).mean()
        )
        sides.append(by_race[AFRICAN_AMERICAN] - by_race[eec.EUROPEAN])
    return np.polyfit(*sides, 1)[::-1]


def test_a_name_s_influence_is_the_derivative_by_its_weight(systems):
    """What a name adds to the error is the change of the line if the name weighed more.

    It weighs more in the means of both systems at once.
    """
    pairs = [contrast(frame, "race") for frame in systems]
    influence = _name_influence(*pairs)
    persons = pairs[1].influence["unit"]
    even = dict.fromkeys(persons.unique(), 1.0)
    step = 1e-4
    for name in ("Latisha", "Jamel", "Ellen", "Adam"):
        up, down = (weighted_line(*systems, even | {name: 1 + change}) for change in (step, -step))
        derivative = (up - down) / (2 * step)
        ours = [
            influence[coefficient][(persons == name).to_numpy()].sum()
            for coefficient in ("intercept", "slope")
        ]
        assert ours == pytest.approx(derivative, rel=1e-4, abs=1e-9), name


def test_influence_of_a_frame_is_its_pair_s_part(systems):
    """Summed over the 40 names of a frame it is the pair's weight times its residual.

    So it has the part of the templates too.
    """
    x, y = (contrast(frame, "race") for frame in systems)
    difference = x.pairs["difference"].to_numpy()
    design = np.column_stack([np.ones(144), difference])
    residual = y.pairs["difference"].to_numpy() - design @ coefficients(x, y)
    expected = np.linalg.inv(design.T @ design) @ design.T * residual
    influence = _name_influence(x, y)
    for number, name in enumerate(("intercept", "slope")):
        sums = (
            y.influence[FRAME]
            .assign(value=influence[name])
            .groupby(FRAME, sort=False)["value"]
            .sum()
        )
        assert sums.loc[pd.MultiIndex.from_frame(y.pairs[FRAME])].to_numpy() == pytest.approx(
            expected[number]
        )


@pytest.mark.parametrize("number", [0, 1])
def test_race_variance_is_two_way_over_templates_and_names(systems, number):
    x, y = (contrast(frame, "race") for frame in systems)
    name = ("intercept", "slope")[number]
    template, df = by_explicit(x, y, np.eye(2)[number], "template")
    influence = y.influence.assign(influence=_name_influence(x, y)[name])
    unit = (influence.groupby("unit")["influence"].sum() ** 2).sum() / (1 - 1 / 10)
    cells = influence.groupby(["template", "unit"])["influence"]
    both = (cells.sum() ** 2 / (1 - cells.size() / 5760)).sum()
    found = getattr(regress(x, y), name)
    assert found.se == pytest.approx(np.sqrt(max(template + unit - both, template, unit)))
    assert found.df == pytest.approx(df)  # of the templates: fewer than the names' 36
    assert found.df < 7


@pytest.mark.parametrize("axis", AXES)
def test_a_teacher_that_tells_no_pair_apart_has_no_slope(systems, axis):
    same = CORPUS.assign(score=CORPUS["template"].map(eec.TEMPLATES.index) / 7)
    line = regress(contrast(same, axis), contrast(systems[1], axis))
    for inference in (line.intercept, line.slope):
        assert np.isnan([inference.mean, inference.se, inference.p_value]).all()


@pytest.mark.parametrize("axis", AXES)
def test_a_teacher_whose_differences_vary_by_rounding_error_alone_has_no_slope(systems, axis):
    # The same difference in every pair, but for the last digits of the scores.
    female, black = (CORPUS["gender"] == "female"), (CORPUS["race"] == AFRICAN_AMERICAN)
    uniform = CORPUS.assign(
        score=CORPUS["template"].map(eec.TEMPLATES.index) / 7 + 0.5 * female + 0.3 * black
    )
    assert np.isnan(regress(contrast(uniform, axis), contrast(systems[1], axis)).slope.mean)


def test_a_line_without_residuals_has_an_estimate_and_no_error(systems):
    x = contrast(systems[0], "gender")
    line = regress(
        x, replace(x, pairs=x.pairs.assign(difference=0.2 + 0.3 * x.pairs["difference"]))
    )
    assert (line.intercept.mean, line.slope.mean) == pytest.approx((0.2, 0.3))
    assert np.isnan([line.intercept.se, line.slope.se]).all()


def test_two_systems_that_are_one_have_no_change_to_explain(systems):
    x = contrast(systems[0], "gender")
    nothing = replace(
        x, pairs=x.pairs.assign(difference=0.0), influence=x.influence.assign(influence=0.0)
    )
    line = regress(x, nothing)
    assert (line.intercept.mean, line.slope.mean) == (0, 0)
    assert np.isnan([line.intercept.se, line.slope.se]).all()


TRUTH = 0.5
DRAWS = 150


def gender_draw(base, random):
    """Differences of a teacher, and of a student: half the teacher's, and its own crossed noise."""
    template, unit = (
        base.pairs.groupby(by, sort=False).ngroup().to_numpy() for by in ("template", "unit")
    )

    def noise():
        cell = random.standard_normal((11, 11))[template, unit]
        return random.standard_normal(11)[template] + random.standard_normal(11)[unit] + cell

    x = noise() + random.standard_normal(len(template))
    y = TRUTH * x + noise() + random.standard_normal(len(template))
    return (replace(base, pairs=base.pairs.assign(difference=values)) for values in (x, y))


def race_draw(named, race_contrast, random):
    """The same for race, score by score of 40 names."""
    frame, template, unit = (
        pd.factorize(named[column])[0] for column in ("frame", "template", "person")
    )
    side = np.where(named["race"] == AFRICAN_AMERICAN, 0.5, -0.5)

    def noise():
        of_template = side * random.standard_normal(11)[template]
        return (
            of_template
            + random.standard_normal(40)[unit]
            + random.standard_normal((11, 40))[template, unit]
        )

    x = noise() + random.standard_normal(len(side)) + 5 * side * random.standard_normal(144)[frame]
    y = TRUTH * x + noise() + random.standard_normal(len(side))
    return (race_contrast(values) for values in (x, y))


def test_the_draws_of_race_are_those_of_its_contrast(named, race_contrast):
    values = np.random.default_rng(6).standard_normal(len(named))
    ours, theirs = race_contrast(values), contrast(named.assign(score=values), "race")
    assert ours.pairs["difference"].to_numpy() == pytest.approx(
        theirs.pairs["difference"].to_numpy()
    )
    assert ours.influence["influence"].to_numpy() == pytest.approx(
        theirs.influence["influence"].to_numpy()
    )


@pytest.mark.parametrize("axis", AXES)
def test_interval_covers_the_true_slope_as_often_as_it_says(named, race_contrast, axis):
    """95 % intervals of crossed noise.

    With 150 draws the share is outside .90 and .995 once in 200 times.
    """
    base = contrast(CORPUS.assign(score=0.0), "gender")
    named = named.assign(frame=named.groupby(FRAME, sort=False).ngroup())
    random = np.random.default_rng(7)
    covered = []
    for _ in range(DRAWS):
        pairs = (
            gender_draw(base, random)
            if axis == "gender"
            else race_draw(named, race_contrast, random)
        )
        found = infer_coefficient(*pairs, slope.SLOPE)
        covered.append(found.ci_low <= TRUTH <= found.ci_high)
    assert 0.90 <= np.mean(covered) <= 0.995
