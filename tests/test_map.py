"""``dvc.yaml`` against the code: its paths, the code that a stage depends on, and its params."""

import ast
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml
from test_imports import imports_of, modules_of

from bias_transfer.commands import launch
from bias_transfer.report.publications import report_files
from bias_transfer.study.params import Params, Study, load
from bias_transfer.study.paths import LABELLED, Layout
from bias_transfer.study.systems import Arm, pairings, teacher_system

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bias_transfer"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STUDY = load(ROOT / "params.yaml").study
LAYOUT = Layout(STUDY)
ARM = Arm("bow", "distilled", 0)
# They read, place and name files, and decide no number.
DECIDES_NOTHING = ("io", "study", "commands", "cli")
CODE = {
    "data": "label",
    "train-once": "train",
    "predict-once": "predict",
    "predict-teacher": "predict",
}


def code(stage: str) -> str:
    """Name of the module in ``stages/`` that a stage runs."""
    return CODE.get(stage, stage)


def filled(text: str) -> str:
    """A path of ``dvc.yaml`` with its templates filled in for the default study and one arm."""
    values = {
        "study.name": STUDY.name,
        "study.reviews": STUDY.reviews,
        "study.teacher": STUDY.teacher,
        "item.study": STUDY.name,
        "item.reviews": STUDY.reviews,
        "item.teacher": STUDY.teacher,
        "item.student": ARM.student,
        "item.target": ARM.target,
    }
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


def paths(stage: str, *kinds: str) -> set[str]:
    entries = [entry for kind in kinds for entry in STAGES[stage].get(kind, [])]
    return {filled(next(iter(entry)) if isinstance(entry, dict) else entry) for entry in entries}


def outputs(stage: str) -> set[str]:
    return paths(stage, "outs", "metrics", "plots")


def sources(stage: str) -> set[Path]:
    """Files and folders of code that a stage depends on, from the root of the package."""
    found = {Path(path) for path in paths(stage, "deps")}
    package = PACKAGE.relative_to(ROOT)
    return {path.relative_to(package) for path in found if path.is_relative_to(package)}


MODULES = {name: path.relative_to(PACKAGE) for name, path in modules_of(PACKAGE).items()}
IMPORTS = imports_of(PACKAGE)


@cache
def scripts(name: str) -> set[str]:
    """Modules beside this one that it names by their file, as what MLflow is to load."""
    tree = ast.parse((PACKAGE / MODULES[name]).read_text())
    files = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    folder = MODULES[name].parent
    return {
        other for other, path in MODULES.items() if path.parent == folder and path.name in files
    }


def imported(name: str) -> set[Path]:
    """Modules of the package that one imports at any depth, itself among them."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        todo += [*IMPORTS[module], *scripts(module)]
        if "." in module:
            todo.append(module.rpartition(".")[0])  # an import runs the __init__ of each folder
    return {MODULES[module] for module in seen}


def decisive(stage: str) -> set[Path]:
    """Imported modules that may decide a number of a stage."""
    found = imported(f"bias_transfer.stages.{code(stage)}")
    trivial = {Path("__init__.py"), Path("stages/__init__.py")}
    return {
        path for path in found - trivial if path.parts[0].removesuffix(".py") not in DECIDES_NOTHING
    }


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "data"])
def test_deps_are_the_code_that_a_stage_imports_and_no_other(stage):
    deps, modules = sources(stage), decisive(stage)
    missing = {path for path in modules if not deps & {path, *path.parents}}
    assert not missing, f"{stage} lacks {sorted(map(str, missing))}"
    superfluous = {dep for dep in deps if not any(dep in {p, *p.parents} for p in modules)}
    assert not superfluous, f"{stage} imports nothing from {sorted(map(str, superfluous))}"


def test_no_dep_is_code_that_decides_nothing():
    """Else a reworded message would run stages again."""
    for stage in STAGES:
        tops = {path.parts[0].removesuffix(".py") for path in sources(stage)}
        assert not tops & set(DECIDES_NOTHING), stage


def test_imports_are_followed_to_any_depth_and_to_scripts():
    train = imported("bias_transfer.stages.train")
    assert {Path("students/sparse.py"), Path("distillation/loss.py"), Path("io/errors.py")} <= train
    assert Path("tracking/runs.py") not in train
    assert Path("students/student.py") in imported("bias_transfer.stages.publish")  # of served.py


def test_label_depends_on_the_version_of_the_scoring_code_and_on_what_is_swapped():
    assert sources("data") == {Path("teacher/version.py"), Path("corpora/swaps")}


def test_outputs_are_where_the_layout_says():
    layout, teacher = LAYOUT, teacher_system(STUDY)
    expected = {
        "reviews": [*map(layout.reviews, ("train", "test", "unused")), layout.counts],
        "eec": [layout.eec],
        "film": [layout.film],
        "data": [
            layout.edits,
            *map(layout.labels, (*LABELLED, "eec-variants")),
            layout.labels_manifest,
        ],
        "swaps": [layout.pairs, layout.placebo],
        "train": [layout.model(ARM.group)],
        "predict": [layout.predictions_folder(ARM.group), layout.metrics_folder(ARM.group)],
        "predict-teacher": [layout.predictions_folder(teacher), layout.metrics(teacher)],
        "bias": [
            *map(layout.report, ("bias.csv", "breakdown.csv", "pairs.parquet", "transfer.csv")),
            layout.report("hypotheses.json"),
            layout.metrics("bias"),
        ],
        "report": [
            *map(layout.report, ("accuracy.csv", "calibration.csv", "summary.csv", "history.csv")),
            *map(layout.report, ("report.html", "pairs.html")),
            layout.figures,
        ],
        "publish": [layout.report("published.json")],
    }
    assert set(STAGES) == {*expected, "train-once", "predict-once"}
    for stage, files in expected.items():
        assert outputs(stage) == set(map(str, files)), stage


def test_what_quotes_reviews_is_not_pushed_and_publish_does_not_read_its_page():
    outs = [out for entry in STAGES.values() for out in entry.get("outs", [])]
    options = {
        filled(name): given
        for out in outs
        for name, given in (out.items() if isinstance(out, dict) else [(out, {})])
    }
    quoting = [LAYOUT.report("pairs.html"), LAYOUT.pairs, LAYOUT.placebo]
    quoting += [LAYOUT.reviews(split) for split in ("train", "test", "unused")]
    assert [options[str(path)].get("push", True) for path in quoting] == [False] * len(quoting)
    assert str(LAYOUT.report("pairs.html")) not in paths("publish", "deps")


def test_files_of_one_arm_lie_in_its_stages_folders():
    for path, folder in (
        (LAYOUT.model(ARM.system), LAYOUT.model(ARM.group)),
        (LAYOUT.training(ARM), LAYOUT.model(ARM.group)),
        (LAYOUT.history(ARM), LAYOUT.model(ARM.group)),
        (LAYOUT.predictions(ARM.system, "eec"), LAYOUT.predictions_folder(ARM.group)),
        (LAYOUT.metrics(ARM.system), LAYOUT.metrics_folder(ARM.group)),
        (LAYOUT.figure("accuracy.png"), LAYOUT.figures),
    ):
        assert folder in path.parents


def test_inputs_are_outputs_of_other_stages():
    """Or folders of them."""
    written = set().union(*map(outputs, STAGES))
    for stage in STAGES:
        for path in paths(stage, "deps"):
            if not path.startswith("src/"):
                assert any(out == path or out.startswith(f"{path}/") for out in written), path
                assert path not in outputs(stage)


def test_outputs_that_cost_much_are_kept_while_a_stage_runs():
    """Labels, and the seeds that are there."""
    for stage in ("data", "train", "train-once"):
        for entry in STAGES[stage]["outs"]:
            assert next(iter(entry.values()))["persist"] is True, entry
    others = [
        STAGES[stage]["outs"] for stage in STAGES if stage not in ("data", "train", "train-once")
    ]
    assert "persist" not in str(others)


def test_report_writes_what_publish_publishes(tmp_path):
    layout = Layout(STUDY, tmp_path)
    layout.figures.mkdir(parents=True)
    layout.figure("accuracy.png").touch()
    files = {path.relative_to(tmp_path) for path in report_files(layout)}
    published = {str(LAYOUT.figures if LAYOUT.figures in p.parents else p) for p in files}
    written = outputs("report") | paths("bias", "outs")
    kept = map(LAYOUT.report, ("pairs.html", "pairs.parquet"))
    assert published == written - set(map(str, kept))
    assert published <= paths("publish", "deps")


def test_stages_that_read_the_study_depend_on_it_and_not_on_a_folder_listing():
    for stage in ("bias", "report", "publish"):
        assert "study" in STAGES[stage]["params"]


@pytest.mark.parametrize("stage", ["train", "predict"])
def test_stage_for_one_seed_differs_in_the_matrix_alone(stage):
    one, every = STAGES[f"{stage}-once"], STAGES[stage]
    assert one | {"matrix": None} == every | {"matrix": None}
    assert one["matrix"] == every["matrix"] | {"student": "${study.one_seed}"}
    assert every["matrix"]["student"] == "${study.students}"


def expanded(stage: str, study: Study) -> list[str]:
    """Names that DVC gives the stages of a matrix: its values in the order of its keys."""
    known = {f"${{study.{name}}}": value for name, value in study.model_dump().items()}
    values = [
        known[entry] if isinstance(entry, str) else [known[part] for part in entry]
        for entry in STAGES[stage]["matrix"].values()
    ]
    return [f"{stage}@{'-'.join(map(str, item))}" for item in product(*values)]


@pytest.mark.parametrize("one_seed", [(), ("minilm", "distilbert")])
def test_launch_names_the_training_stages_that_exist(one_seed):
    study = STUDY.model_copy(
        update={"students": ("bow", "cnn"), "one_seed": one_seed, "seeds": (2, 0, 1)}
    )
    found = [launch._training_stage(study, *pairing) for pairing in pairings(study)]
    assert found == expanded("train", study) + expanded("train-once", study)
    assert len(found) == (2 + len(one_seed)) * len(study.targets)


def test_stages_that_take_a_sample_of_the_reviews_depend_on_its_size():
    """Students are tested on all, so another size trains none of them again."""
    asking = ("labelled_test(", "held_out_reviews(")
    sampling = {
        stage
        for stage in STAGES
        for text in [(PACKAGE / f"stages/{code(stage)}.py").read_text()]
        if any(call in text for call in asking)
    }
    declared = {
        stage
        for stage, entry in STAGES.items()
        if any(name.endswith(".labelled_test_size") for name in entry.get("params", []))
    }
    expected = {"data", "swaps", "predict-teacher", "report"}
    assert declared == sampling - {"predict", "predict-once"} == expected


@cache  # stages share modules
def attributes(module: Path) -> list[ast.Attribute]:
    tree = ast.parse((PACKAGE / module).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]


def sections_read(stage: str) -> set[str]:
    """``NAME`` of each ``params.NAME`` in a stage's own module, and in the report it makes."""
    modules = [Path(f"stages/{code(stage)}.py")]
    modules += [path for path in decisive(stage) if path.parts[0] in ("report", "tracking")]
    return {
        node.attr
        for module in modules
        for node in attributes(module)
        if isinstance(node.value, ast.Name)
        and node.value.id == "params"
        and node.attr in Params.model_fields
    }


def test_params_name_every_section_that_a_stage_reads():
    for stage in STAGES:
        sharing = [name for name in STAGES if code(name) == code(stage)]
        declared = {
            entry.split(".")[0] for name in sharing for entry in STAGES[name].get("params", [])
        }
        declared |= {"study"}  # the names in the matrix, the command and the paths
        declared |= {"labelling"}  # how a teacher is run, which decides no label
        declared |= {"device"} if stage == "data" else set()  # likewise
        assert sections_read(stage) <= declared, stage
    assert sections_read("train") == {"study", "students", "distillation", "device"}


def test_training_depends_on_every_part_of_the_study_that_decides_its_seeds():
    assert {"study.arms", "study.seeds"} <= set(STAGES["train"]["params"])


def test_scoring_depends_on_the_seeds_that_are_there_and_not_on_other_arms_of_the_study():
    """The folder of models holds one folder per seed, and no other."""
    assert "models/${item.study}/${item.student}-${item.target}" in STAGES["predict"]["deps"]
    assert not {"study", "study.arms", "study.seeds"} & set(STAGES["predict"]["params"])
