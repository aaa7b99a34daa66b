"""Write the tables of ``docs/method.md`` from ``docs/validation``, between the page's markers.

python docs/make_method.py
"""

import re
from pathlib import Path

import pandas as pd

PAGE = Path(__file__).with_name("method.md")
VALIDATION = Path(__file__).with_name("validation")
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->\n)", re.S)
TESTS = {
    "p_value": "paired t (the corpus paper's)",
    "p_sign_flip": "sign flips of templates",
    "p_template": "CR2 by template",
    "p_unit": "CR2 by noun pair or name",
    "p_word": "CR2 by emotion word",
    "p_two_way": "two-way",
    "p_clustered": "**`p_clustered`: two-way and by word**",
}
OFF_GRID = {
    "gaps that hang on emotion words alone": "word_sd > 0",
    "templates with exponential gaps, nothing else": "shape == 'exponential' and unit_sd == 0",
    "templates with exponential gaps, people vary too": "shape == 'exponential' and unit_sd > 0",
    "templates with lognormal gaps, nothing else": "shape == 'lognormal' and unit_sd == 0",
    "templates with lognormal gaps, people vary too": "shape == 'lognormal' and unit_sd > 0",
}
AXES = ("gender", "race")
Rows = list[list[str]]


def page(text: str) -> str:
    """``text`` with every table made anew."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], text)


def null() -> str:
    """Least and most false alarms of each test, over the grid of normal effects."""
    cells = _read("null").query("shape == 'normal' and word_sd == 0").groupby("axis")
    rows = [
        [what, *(_ends(cells.get_group(axis)[test]) for axis in AXES)]
        for test, what in TESTS.items()
    ]
    return _table(["test", "gender: least to most", "race: least to most"], rows)


def off_grid() -> str:
    """The same of two tests where effects are of words or skewed."""
    table = _read("null")
    rows = [
        [what, *(_ends(table.query(cells)[test]) for test in ("p_two_way", "p_clustered"))]
        for what, cells in OFF_GRID.items()
    ]
    return _table(["data without a gap", "two-way", "`p_clustered`"], rows)


def coverage() -> str:
    """Least and most coverage of the EEC's slopes, by teacher and axis."""
    rows = [
        [*names, _ends(part["coverage"]), f"{part['df'].iloc[0]:.1f}"]
        for names, part in _read("slope_coverage").groupby(["teacher", "axis"], sort=False)
    ]
    return _table(["teacher", "axis", "coverage: least to most", "degrees of freedom"], rows)


def precision() -> str:
    """Pairs and words read and right, by round and reader."""
    table = _read("swaps_precision")
    words = table[~table["rule"].str.startswith("pair")].groupby(["round", "reader"])
    shares = words["right"].sum() / words["read"].sum()
    rows = [
        [
            *(str(row[name]) for name in ("round", "reader", "read", "right")),
            f"{row['right'] / row['read']:.1%} ({row['ci_low']:.1%} to {row['ci_high']:.1%})",
            f"{shares[row['round'], row['reader']]:.1%}",
            "" if pd.isna(row["alike"]) else f"{row['alike']:.0f}",
        ]
        for row in table.query("rule == 'pair'").to_dict("records")
    ]
    head = ["round", "reader", "pairs", "right", "share", "of their words", "read alike by both"]
    return _table(head, rows)


def placebo() -> str:
    """False alarms between a placebo pair's words: all pairs, and a sample like the swaps."""
    table = _read("controls_placebo")
    table["kind"] = table["control"].str.removeprefix("order drawn per ") + " " + table["test"]
    rates = table.pivot(index=["system", "n_pairs"], columns="kind", values="rate")
    kinds = ["review p_clustered", "pair of words p_clustered", "pair of words p_word"]
    rows = [
        [name, str(size), *map(_share, rates.loc[name, size][kinds])] for name, size in rates.index
    ]
    head = [
        "drawn per review: by review",
        "drawn per pair of words: by review",
        "… by pair of words",
    ]
    return _table(["system", "pairs", *head], rows)


def slopes() -> str:
    """False alarms of the partial slope where the teacher's differences were dealt anew."""
    table = _read("controls_slopes")
    rates = table.pivot(index="student", columns="reference", values="rate")
    names = list(dict.fromkeys(table["reference"]))
    rows = [[student, *map(_share, rates.loc[student, names])] for student in rates.index]
    return _table(["student", *(f"distilled, beside {name}" for name in names)], rows)


def opinions() -> str:
    """How often a contrast is found where the teacher has no opinion on gender."""
    rows = []
    for row in _read("controls_opinions").to_dict("records"):
        numbers = [f"{row[what]:.4f}" for what in ("mean", "spread", "se", "se_other")]
        arms = f"{row['teacher']} - {row['reference']}"
        shares = [_share(row[what]) for what in ("rate", "rate_other")]
        rows.append([arms, *shares, *numbers, str(row["n_draws"])])
    head = [
        *("found: these reviews", "found: others", "mean", "spread over draws"),
        *("standard error: these", "others", "draws"),
    ]
    return _table(["contrast", *head], rows)


def halves() -> str:
    """Changes in the gap with the interval of these training reviews and that of others."""
    rows = [
        [
            row["teacher"],
            f"{row['target']} - {row['reference']}",
            f"{row['estimate']:+.3f}",
            *(f"{row[f'{of}ci_low']:+.3f} to {row[f'{of}ci_high']:+.3f}" for of in ("", "other_")),
            f"{row['half_mean']:+.3f} ± {row['half_sd']:.3f}",
        ]
        for row in _read("halves").to_dict("records")
    ]
    head = ["teacher", "change", "estimate", "these training reviews", "others", "halves, ± SD"]
    return _table(head, rows)


def power() -> str:
    """Power of the declared test of the gap, by student and number of seeds."""
    table = _read("power").query("contrast == 'gap'")
    counts = list(dict.fromkeys(table["n_seeds"]))
    rows = [
        [student, f"{part['seed_sd'].iloc[0]:.4f}", *(_share(value) for value in part["power"])]
        for student, part in table.groupby("student", sort=False)
    ]
    head = ["student", "standard deviation between seeds", *(f"{n} seeds" for n in counts)]
    return _table(head, rows)


TABLES = {
    each.__name__: each
    for each in (null, off_grid, coverage, precision, placebo, slopes, opinions, halves, power)
}


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(VALIDATION / f"{name}.csv")


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _ends(values: pd.Series) -> str:
    return f"{_share(values.min())} to {_share(values.max())}"


def _table(head: list[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
