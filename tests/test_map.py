"""``dvc.yaml`` against the code: paths are those of ``Layout``; deps name every module, and params every key."""

import ast
from itertools import product
from pathlib import Path

import pytest
import yaml

from bias_transfer.commands import launch
from bias_transfer.report.publications import REPORT
from bias_transfer.study.params import Study, load
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, arms

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src/bias_transfer")
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STUDY = load(ROOT / "params.yaml").study
ARM = Arm("bow", "distilled", 0)
PLACING = {
    PACKAGE / f"{name}.py"
    for name in ("errors", "files", "hub", "layout", "packages", "params", "tables")
}
HELPERS = {
    "train": PLACING | {PACKAGE / "provenance.py"},
    "predict": PLACING,
}  # read and place files
CODE = {
    "data": "label",
    "train-once": "train",
    "predict-once": "predict",
    "predict-teacher": "predict",
}


def filled(text: str) -> str:
    """A path of ``dvc.yaml`` with its templates filled in for the default study and one arm."""
    values = {
        "study.name": STUDY.name,
        "study.reviews": STUDY.reviews,
        "study.teacher": STUDY.teacher,
    }
    values |= {
        "item.study": STUDY.name,
        "item.reviews": STUDY.reviews,
        "item.teacher": STUDY.teacher,
    }
    values |= {"item.student": ARM.student, "item.target": ARM.target, "item.seed": str(ARM.seed)}
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


def paths(stage: str, *kinds: str) -> set[str]:
    entries = [entry for kind in kinds for entry in STAGES[stage].get(kind, [])]
    return {filled(next(iter(entry)) if isinstance(entry, dict) else entry) for entry in entries}


def modules_of(path: Path) -> set[Path]:
    """Modules of the package that ``path`` imports, at any depth."""
    seen, todo = set(), [path]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bias_transfer"):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                stem = Path("src", *name.split("."))
                todo += [
                    p
                    for p in (stem.with_suffix(".py"), stem / "__init__.py")
                    if (ROOT / p).exists()
                ]
        todo += [p for p in [module.parent / "__init__.py"] if (ROOT / p).exists()]
    # What holds no code that a result depends on.
    return seen - {PACKAGE / "__init__.py", PACKAGE / "stages/__init__.py"}


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "data"])
def test_deps_name_every_module_that_the_stage_imports(stage):
    """But for those that decide no number, where an edit to them must not cost hours."""
    deps = {Path(path) for path in paths(stage, "deps")}
    missing = {
        module
        for module in modules_of(PACKAGE / f"stages/{CODE.get(stage, stage)}.py")
        if module not in deps and not deps & set(module.parents)
    }
    assert missing == (
        HELPERS[CODE.get(stage, stage)] if stage.startswith(("train", "predict")) else set()
    )


def test_label_depends_on_the_version_of_the_scoring_code_alone():
    assert {path for path in paths("data", "deps") if path.startswith("src")} == {
        f"{PACKAGE}/teacher/version.py"
    }


def test_outputs_are_where_the_layout_says():
    layout = Layout(STUDY)
    expected = {
        "reviews": [*map(layout.reviews, ("train", "test")), layout.reviews_folder / "counts.json"],
        "eec": [layout.eec],
        "data": [
            *map(layout.labels, ("train", "test", "eec", "eec-variants")),
            layout.labels_folder / "labels.json",
        ],
        "train": [layout.model(ARM.system)],
        "predict": [
            layout.predictions(ARM.system, "reviews"),
            layout.predictions(ARM.system, "eec"),
            layout.metrics(ARM.system),
        ],
        "bias": [
            *map(layout.report, ("bias.csv", "breakdown.csv", "pairs.parquet", "transfer.csv")),
            layout.metrics("bias"),
        ],
        "publish": [layout.report("published.json")],
    }
    for stage, files in expected.items():
        assert paths(stage, "outs", "metrics", "plots") == set(map(str, files)), stage


def test_report_writes_what_publish_publishes():
    published = {str(Layout(STUDY).report(name)) for name in REPORT}
    written = paths("report", "outs", "plots") | paths("bias", "outs")
    assert published == written - {str(Layout(STUDY).report("pairs.parquet"))}
    assert published <= paths("publish", "deps")


def test_stages_that_read_the_study_depend_on_it_and_not_on_a_folder_listing():
    for stage in ("bias", "report", "publish"):
        assert "study" in STAGES[stage]["params"]


@pytest.mark.parametrize("stage", ["train", "predict"])
def test_stage_for_one_seed_differs_in_the_matrix_alone(stage):
    one, every = STAGES[f"{stage}-once"], STAGES[stage]
    assert {key: value for key, value in one.items() if key != "matrix"} == {
        key: value for key, value in every.items() if key != "matrix"
    }
    assert one["matrix"] == every["matrix"] | {
        "student": "${study.one_seed}",
        "seed": ["${study.seeds[0]}"],
    }
    assert every["matrix"]["student"] == "${study.students}"


def expanded(stage: str, study: Study) -> list[str]:
    """Names that DVC gives the stages of a matrix: its values in the order of its keys."""
    known = {f"${{study.{name}}}": value for name, value in study.model_dump().items()}
    known["${study.seeds[0]}"] = study.seeds[0]
    values = [
        known[entry] if isinstance(entry, str) else [known[part] for part in entry]
        for entry in STAGES[stage]["matrix"].values()
    ]
    return [f"{stage}@{'-'.join(map(str, item))}" for item in product(*values)]


@pytest.mark.parametrize("one_seed", [(), ("minilm", "distilbert")])
def test_launch_knows_the_training_stage_of_every_arm(one_seed):
    study = STUDY.model_copy(
        update={"students": ("bow", "cnn"), "one_seed": one_seed, "seeds": (2, 0, 1)}
    )
    found = [launch._training_stage(study, arm) for arm in arms(study)]
    assert found == expanded("train", study) + expanded("train-once", study)
    assert len(found) == 12 + 2 * len(one_seed)


def test_stages_that_take_a_sample_of_the_test_reviews_depend_on_its_size():
    """Students are tested on all, so a size that changes trains and scores none of them again."""
    sampling = {
        stage
        for stage in STAGES
        if "labelled_test(" in (ROOT / PACKAGE / f"stages/{CODE.get(stage, stage)}.py").read_text()
    }
    declared = {
        stage
        for stage, entry in STAGES.items()
        if any(name.endswith(".labelled_test_size") for name in entry.get("params", []))
    }
    assert (
        declared == sampling - {"predict", "predict-once"} == {"data", "predict-teacher", "report"}
    )


def test_params_name_every_section_that_a_stage_reads():
    """Sections as ``params.NAME`` in the stage's module, and what the sections' names are in ``dvc.yaml``."""
    for stage in STAGES:
        if stage == "eec":
            continue
        tree = ast.parse((ROOT / PACKAGE / f"stages/{CODE.get(stage, stage)}.py").read_text())
        read = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "params"
        } - {"study", "device", "labelling"}  # the last two say how, and decide no result
        sharing = [name for name in STAGES if CODE.get(name, name) == CODE.get(stage, stage)]
        declared = {
            entry.split(".")[0] for name in sharing for entry in STAGES[name].get("params", [])
        }
        assert read <= declared, stage
