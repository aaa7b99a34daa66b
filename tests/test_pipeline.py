"""The whole pipeline on a tiny study, with real DVC, git, SQLite and models, without network."""

import hashlib
import html
import json
import os
import re
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_study import ARMS, FIRST_SEEDS, HOSTILE, N_LABELLED, N_TEST, SYSTEMS, Project

from bias_transfer.students.student import load as load_student
from bias_transfer.tracking.runs import DECLARATION_TAG, PREDICTIONS_TAG

BLANK = {"BLANK_FIGURES": "1"}  # for runs in which no test looks at a figure


@pytest.fixture(scope="module")
def project(tiny_study, zygote) -> Project:
    """The tiny study, which these tests change and change back."""
    return Project(tiny_study.project.folder, zygote)


def test_every_contract_file_is_there_with_its_columns(project):
    columns = {
        "data/reviews/mine/train.csv": "id text label",
        "data/eec/eec.csv": "id sentence template person gender race emotion emotion_word",
        "data/teacher/mine/tiny/eec.csv": "id label_0 label_1 label_mass",
        "data/teacher/mine/tiny/eec-variants.csv": "id variant label_0 label_1 label_mass",
        "reports/tiny/accuracy.csv": "system n accuracy",
        "reports/tiny/calibration.csv": (
            "method chosen offset temperature n accuracy log_loss brier ece ece_floor"
        ),
        "reports/tiny/bias.csv": (
            "system axis n_pairs mean_difference ci_low ci_high p_value p_adjusted p_clustered "
            "verdict"
        ),
        "reports/tiny/breakdown.csv": (
            "system axis by level n_pairs mean_difference ci_low ci_high p_clustered"
        ),
        "reports/tiny/transfer.csv": (
            "student axis scale estimand estimate ci_low ci_high n_pairs n_seeds verdict"
        ),
        "reports/tiny/summary.csv": "name value",
        "data/swaps/mine/edits.csv": "id start length female male named rules",
        "data/swaps/mine/pairs.csv": "id sentence group pair_id original direction n_edits",
    }
    for name, start in columns.items():
        assert (
            list(pd.read_csv(project.path(name)).columns)[: len(start.split())] == start.split()
        ), name
    for system in SYSTEMS:
        for part, rows in (
            ("reviews", N_LABELLED if system == SYSTEMS[0] else N_TEST),
            ("eec", 8640),
            ("film", 9648),
        ):
            predictions = pd.read_parquet(project.path(f"predictions/tiny/{system}/{part}.parquet"))
            assert list(predictions.columns) == ["id", "label_0", "label_1"]
            assert len(predictions) == rows
    for name in ("gender_bias", "race_bias", "emotions", "placebo", "transfer"):
        for kind in ("png", "svg"):
            assert project.path(f"reports/tiny/figures/{name}.{kind}").stat().st_size > 1000
    assert project.path("reports/tiny/report.html").stat().st_size > 1000


def test_a_model_folder_holds_the_contract_and_no_pickle(project):
    for system in SYSTEMS[1:]:
        names = {path.name for path in project.path(f"models/tiny/{system}").iterdir()}
        expected = {
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "history.csv",
            "training.json",
        }
        assert names == expected | (
            {"tokenizer_config.json"} if system.startswith("encoder") else set()
        )


def test_the_arms_differ_in_nothing_but_alpha(project):
    baseline, distilled = (
        json.loads(project.path(f"models/tiny/bow-{target}/seed-0/training.json").read_text())
        for target in ("baseline", "distilled")
    )
    differing = {name for name in baseline if baseline[name] != distilled[name]}
    own = {"system", "target", "alpha"}
    assert own <= differing <= own | {"epoch", "files"}
    tokenizers = [
        project.path(f"models/tiny/bow-{t}/seed-0/tokenizer.json").read_bytes()
        for t in ("baseline", "distilled")
    ]
    assert tokenizers[0] == tokenizers[1]


def test_students_of_one_seed_and_of_two_are_in_one_report(project):
    seeds = pd.read_csv(project.path("reports/tiny/bias.csv")).set_index("system")["n_seeds"]
    groups = [f"bow-{arm}" for arm in ARMS]
    assert set(seeds.index) == {*SYSTEMS, *groups}
    assert (seeds[groups] == 2).all()
    assert (seeds.drop(groups) == 1).all()
    transfer = pd.read_csv(project.path("reports/tiny/transfer.csv")).dropna(subset="n_seeds")
    assert transfer.groupby("student")["n_seeds"].unique().to_dict() == {"bow": [2], "encoder": [1]}
    models = [
        path.relative_to(project.path("models/tiny"))
        for path in project.path("models/tiny").glob("*/*")
    ]
    assert sorted(map(str, models)) == sorted(SYSTEMS[1:])


def test_results_are_the_summary_in_markdown(project):
    project.cli("results", "tiny", "--out", "results.md")
    text = project.path("results.md").read_text()
    summary = pd.read_csv(project.path("reports/tiny/summary.csv")).set_index("name")["value"]
    for group, seeds, n in (
        ("teacher-tiny", 1, N_LABELLED),
        ("bow-distilled", 2, N_TEST),
        ("encoder-baseline", 1, N_TEST),
    ):
        spread = f" ± {summary[f'{group}/accuracy_sd']:.4f}" if seeds > 1 else ""
        assert f"| {group} | {seeds} | {n} | {summary[f'{group}/accuracy']:.4f}{spread} |" in text
        assert f"| {group} | gender | {summary[f'{group}/gender_gap']:+.4f} (" in text
    assert text.count("| distilled - baseline |") == 4
    assert not re.search(r"\bnan\b", text)
    project.path("results.md").unlink()
    shutil.rmtree(project.path("results"))


def test_no_file_that_is_pushed_logged_or_exported_quotes_a_review(project, tmp_path):
    """But for pairs.html, which is for reading here."""
    quoted = b"dull and clumsy film about"
    assert quoted in project.path("reports/tiny/pairs.html").read_bytes()
    assert quoted in project.path("data/reviews/mine/train.csv").read_bytes()
    project.dvc("remote", "add", "--local", "elsewhere", str(tmp_path / "pushed"))
    project.dvc("push", "-r", "elsewhere")
    project.dvc("remote", "remove", "--local", "elsewhere")
    said = project.cli("export", "--out", str(tmp_path / "exported"))
    assert said.startswith(f"Written: {tmp_path / 'exported'}, ")
    pushed, logged, exported = (
        [path for path in folder.rglob("*") if path.is_file()]
        for folder in (tmp_path / "pushed", project.path("mlruns"), tmp_path / "exported")
    )
    assert min(len(pushed), len(exported)) > 20
    assert {"report.html", "bias.csv", "evidence.json"} <= {path.name for path in logged}
    for path in [*pushed, *logged, *exported, project.path("mlflow.db")]:
        assert quoted not in path.read_bytes(), path


def test_nothing_runs_twice(project):
    said = project.dvc("repro")
    assert "didn't change, skipping" in said
    assert "Running" not in said


def test_reworded_message_runs_nothing_again(project):
    """But a change to a network does: training and what rests on it."""
    errors = project.path("src/bias_transfer/io/errors.py")
    with replaced(errors, "did you mean", "do you mean"):
        assert "up to date" in project.dvc("status")
    with replaced(project.path("src/bias_transfer/students/bow.py"), "torch\n", "torch\n\n"):
        said = project.dvc("status")
    assert "train@tiny-bow-distilled" in said
    assert "src/bias_transfer/students" in said


@contextmanager
def replaced(path: Path, old: str, new: str):
    """Other words in a file."""
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    try:
        yield
    finally:
        path.write_text(before)


def test_metrics_and_plots_show(project):
    """DVC takes folders for both."""
    lines = project.dvc("metrics", "show", "--md").splitlines()
    shown = [line for line in lines for system in SYSTEMS if f"metrics/tiny/{system}.json" in line]
    assert len(shown) == len(SYSTEMS)
    assert "accuracy" in lines[0]
    assert "gender_gap" in lines[0]
    assert re.search(r"metrics/tiny/bias.json .*\d", "\n".join(lines))
    project.dvc("plots", "show", "-o", "plots-page")
    assert (project.path("plots-page/index.html")).is_file()
    pictures = project.path("plots-page/static").iterdir()
    figures = {path.name for path in project.path("reports/tiny/figures").iterdir()}
    assert {path.name.partition("figures_")[2] for path in pictures} == figures
    shutil.rmtree(project.path("plots-page"))


def test_mlflow_holds_one_finished_run_per_system_and_of_the_report(project):
    runs = project.runs()
    assert sorted(run.info.run_name for run in runs) == sorted([*SYSTEMS, "report"])
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        if run.info.run_name != "report":
            measured = json.loads(
                project.path(f"metrics/tiny/{run.info.run_name}.json").read_text()
            )
            defined = {name for name, value in measured.items() if value is not None}
            assert defined | {"gender_n_alike_persons"} <= set(run.data.metrics)
            assert not (set(measured) - defined) & set(run.data.metrics)
            for axis in ("gender", "race"):
                shown = {f"{axis}_gap", f"{axis}_noise_floor", f"{axis}_log_odds_gap"}
                hidden = unread(project, run.info.run_name, axis)
                assert shown & set(run.data.metrics) == (set() if hidden else shown)
            assert run.data.tags["race"].startswith("not measurable") == unread(
                project, run.info.run_name, "race"
            )
            assert {dataset.dataset.name for dataset in run.inputs.dataset_inputs} >= {
                "data/eec/eec.csv"
            }
        else:
            files = {artifact.path for artifact in project.client().list_artifacts(run.info.run_id)}
            figures = {path.name for path in project.path("reports/tiny/figures").iterdir()}
            assert {"emotions.png", "placebo.png", "transfer.png"} <= figures
            assert figures | {"breakdown.csv", "hypotheses.json", "report.html"} <= files
            summary = pd.read_csv(project.path("reports/tiny/summary.csv"))
            assert run.data.metrics == pytest.approx(
                dict(summary.itertuples(index=False)), rel=1e-12
            )
            assert run.data.params["reviews.split"] == "resplit"
            assert json.loads(run.data.params["one_seed"]) == ["encoder"]
    (bow,) = (run for run in runs if run.info.run_name == "bow-distilled/seed-0")
    history = project.client().get_metric_history(bow.info.run_id, "validation_log_loss")
    assert [point.step for point in history] == [1, 2]
    assert bow.data.tags["study"] == "tiny"
    assert bow.data.params["alpha"] == "1.0"
    assert bow.data.metrics["race_n_unknown_persons"] == 40  # its reviews name nobody
    (teacher,) = (run for run in runs if run.info.run_name == SYSTEMS[0])
    assert (teacher.data.params["labels.test.n"], teacher.data.metrics["n"]) == (
        str(N_LABELLED),
        N_LABELLED,
    )


def unread(project, system: str, axis: str) -> bool:
    """Whether a system's axis cannot be measured on the EEC."""
    bias = pd.read_csv(project.path("reports/tiny/bias.csv"))
    group = bias["system"].isin([system, system.partition("/")[0]])
    rows = bias[group & (bias["axis"] == axis) & (bias["corpus"] == "eec")]
    return "not measurable" in set(rows["verdict"])


def test_every_student_is_registered_and_answers_as_its_predictions(project, monkeypatch):
    import mlflow

    monkeypatch.chdir(project.folder)
    eec = pd.read_csv("data/eec/eec.csv")
    for system in FIRST_SEEDS:
        name = f"bias-transfer-{system.split('/')[0]}"
        mlflow.set_tracking_uri(f"sqlite:///{project.folder}/{project.store}")
        model = mlflow.pyfunc.load_model(f"models:/{name}/1")
        answers = model.predict(pd.DataFrame({"text": eec["sentence"].head(5)}))
        expected = pd.read_parquet(f"predictions/tiny/{system}/eec.parquet").head(5)
        np.testing.assert_allclose(answers, expected[["label_0", "label_1"]], atol=1e-6)


def test_hostile_text_is_harmless_in_the_report(project):
    """It stands in reviews, which the report does not quote, and in the prompt, which it does."""
    page = project.path("reports/tiny/report.html").read_text()
    assert html.escape(HOSTILE.split('"')[0]) in page
    own = re.findall("<script>(.*?)</script>", page, re.DOTALL)  # what scrolls, and what sorts
    assert page.count("<script>") == page.count("</script>") == len(own) == 2
    assert not any("alert(1)" in script for script in own)
    assert "\N{GRINNING FACE}" in page


def test_results_says_what_the_report_says_first(project):
    said, *beside, where = project.cli("results").splitlines()
    lead = re.search(r'<p class="lead" id="answer"><strong>(.*?)</strong>(.*?)</p>', (
        project.path("reports/tiny/report.html").read_text()
    ), re.DOTALL)  # fmt: skip
    assert said == " ".join(html.unescape(lead[1]).split())
    assert " ".join(html.unescape(lead[2]).split()) == " ".join(beside)
    assert "reports/tiny/report.html" in where


def test_runs_lie_below_their_study_and_say_what_they_found(project):
    client = project.client()
    (parent,) = client.search_runs(["1"], "tags.stage = 'study'")
    assert parent.info.run_name == "tiny"
    for run in project.runs():
        tags = run.data.tags
        assert tags["mlflow.parentRunId"] == parent.info.run_id
        assert (tags["study"], tags["reviews"], tags["teacher"], tags["current"]) == (
            "tiny",
            "mine",
            "tiny",
            "true",
        )
        if run.info.run_name != "report":
            assert f"{run.data.metrics['accuracy']:.4f}" in tags["mlflow.note.content"]
    said, *_ = project.cli("results").splitlines()
    (report,) = (run for run in project.runs() if run.info.run_name == "report")
    for run in (parent, report):
        assert run.data.tags["mlflow.note.content"].startswith(f"**{said}**")


def test_registered_models_have_a_card_and_an_alias(project):
    client = project.client()
    for system in FIRST_SEEDS:
        name = f"bias-transfer-{system.split('/')[0]}"
        version = client.get_model_version_by_alias(name, "latest-tiny")
        assert version.version in (1, "1")
        metrics = json.loads(project.path(f"metrics/tiny/{system}.json").read_text())
        for part in (
            "## Training",
            "## Use",
            "## Limits",
            "## Licences",
            f"{metrics['accuracy']:.4f}",
        ):
            assert part in version.description, part
        assert version.tags["study"] == "tiny"
        sentence = client.get_registered_model(name).description
        assert re.fullmatch(r"[A-Z].* for an English film review, trained on .*\.", sentence)
        assert version.description.startswith(sentence)


@pytest.mark.parametrize("system", FIRST_SEEDS[1::2])
def test_every_way_to_ask_a_student_gives_its_predictions(project, system, tmp_path):
    """Over HTTP, by batch and from the artifact's folder: the scores that ``predict`` wrote."""
    eec = pd.read_csv(project.path("data/eec/eec.csv")).head(100)
    expected = pd.read_parquet(project.path(f"predictions/tiny/{system}/eec.parquet")).head(100)
    expected = expected[["label_0", "label_1"]].to_numpy()
    model = f"models:/bias-transfer-{system.split('/')[0]}@latest-tiny"
    texts = pd.DataFrame({"text": eec["sentence"]})

    served = serve(project, model, texts)
    np.testing.assert_allclose(served[["label_0", "label_1"]], expected, atol=1e-6)

    texts.to_csv(tmp_path / "texts.csv", index=False)
    files = ("-i", str(tmp_path / "texts.csv"), "-o", str(tmp_path / "scores.json"))
    project.mlflow("models", "predict", "-m", model, *files, "-t", "csv", "--env-manager", "local")
    scores = json.loads((tmp_path / "scores.json").read_text())
    np.testing.assert_allclose(
        pd.DataFrame(scores["predictions"])[["label_0", "label_1"]], expected, atol=1e-6
    )

    project.mlflow("artifacts", "download", "-u", model, "-d", str(tmp_path / "model"))
    student = load_student(next((tmp_path / "model").glob("**/model.safetensors")).parent)
    np.testing.assert_allclose(student.predict_proba(list(eec["sentence"])), expected, atol=1e-6)


def serve(project, model: str, texts: pd.DataFrame) -> pd.DataFrame:
    """Answers of ``mlflow models serve``, asked over HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = ("models", "serve", "-m", model, "--env-manager", "local", "--port", port)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations",
        json.dumps({"dataframe_split": texts.to_dict("split", index=False)}).encode(),
        {"Content-Type": "application/json"},
    )
    given = project.environment | project.zygote.environment
    with project.zygote.running(project.folder, command, "mlflow", **given) as server:
        for _ in range(1500):
            try:
                with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                    return pd.DataFrame(json.load(response)["predictions"])
            except urllib.error.URLError:
                os.kill(server, 0)  # an error if the server has ended
                time.sleep(0.2)
    raise AssertionError("the server does not answer")


def test_verify_passes_and_names_a_changed_byte(project):
    said = project.cli("verify")
    assert "differs" not in said
    assert f"{len(SYSTEMS) + 1} runs: " in said
    changed = (
        "data/teacher/mine/tiny/train.csv",
        "models/tiny/bow-distilled/seed-0/model.safetensors",
        "predictions/tiny/encoder-baseline/seed-0/eec.parquet",
        "reports/tiny/bias.csv",
    )
    with ExitStack() as stack:
        for path in changed:
            stack.enter_context(one_byte_changed(project.path(path)))
        result = project.tried("bias_transfer", "verify")
    assert result.returncode == 1
    assert set(re.findall(r": (\S+) differs", result.stdout)) == {*changed, "metrics"}
    alias = "models:/bias-transfer-bow-distilled@latest-tiny"
    with replaced(project.path("params.yaml"), "alpha: 1.0", "alpha: 0.9"):
        result = project.tried("bias_transfer", "verify", alias)
    assert result.returncode == 1
    assert result.stdout.startswith(
        "bow-distilled/seed-0: params.yaml: distillation.alpha differs (1.0, now 0.9)"
    )


def test_verify_finds_what_changed_in_the_store(project):
    """Hypotheses that were changed after the fact among it: their study has two declarations."""
    weights = next(project.path("mlruns").glob("**/artifacts/seed-0/model.safetensors"))
    database = project.path("mlflow.db")
    before = database.read_bytes()
    figure = "bow-distilled/gender_log_odds_gap"
    client = project.client()
    (report,) = (run for run in project.runs() if run.info.run_name == "report")
    tags = {name: report.data.tags[name] for name in ("stage", "study", PREDICTIONS_TAG)}
    other = client.create_run("1", tags=tags | {DECLARATION_TAG: "0" * 64}).info.run_id
    client.set_terminated(other)
    with one_byte_changed(weights), closing(sqlite3.connect(database)) as changed:
        for order, value, key in (
            ("UPDATE latest_metrics SET value = value + ? WHERE key = ?", 1e-4, figure),
            ("UPDATE latest_metrics SET value = value + ? WHERE key = ?", 1, "film_label_mass"),
            ("UPDATE tags SET value = ? WHERE key = ?", "+0.000, stands", "gender"),
        ):
            assert changed.execute(order, (value, key)).rowcount >= 1
        changed.commit()
        result = project.tried("bias_transfer", "verify")
    database.write_bytes(before)
    assert result.returncode == 1
    assert "model/model.safetensors in MLflow differs" in result.stdout
    assert f"report: metric {figure} differs" in result.stdout
    assert "teacher-tiny: metric film_label_mass differs" in result.stdout
    assert result.stdout.count(": tag gender differs") == len(SYSTEMS)
    (said,) = (line for line in result.stdout.splitlines() if "hypotheses" in line)
    assert "study tiny" in said
    assert "tested under 2 declarations" in said


@contextmanager
def one_byte_changed(path: Path):
    """Change a byte in the middle of a file, but not in DVC's cache if the file links to it."""
    before = path.read_bytes()
    middle = len(before) // 2
    path.unlink()
    path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    try:
        yield
    finally:
        path.write_bytes(before)


def test_publish_brings_back_a_wiped_store_and_adds_nothing_twice(project):
    project.path("mlflow.db").unlink()
    project.store = "./mlflow.db"  # spelt otherwise: MLflow keeps a connection to the old file
    project.cli("publish")
    assert len(project.runs()) == len(SYSTEMS) + 1
    project.cli("publish")
    assert len(project.runs()) == len(SYSTEMS) + 1
    versions = project.client().search_model_versions("name = 'bias-transfer-bow-distilled'")
    assert len(versions) == 1


def test_a_launching_run_gets_runs_of_its_own_once(project):
    client = project.client()
    before = len(project.runs())
    run_id = client.create_run("0", run_name="mlflow run").info.run_id
    for _ in range(2):
        project.cli("publish", MLFLOW_RUN_ID=run_id)
    launched = [
        run for run in project.runs() if run.data.tags.get("bias_transfer.launched_by") == run_id
    ]
    assert len(launched) == len(SYSTEMS) + 1
    assert len(project.runs()) == before + len(launched)
    assert len(client.get_run(run_id).data.tags["bias_transfer.runs"].split(",")) == len(launched)


def test_a_fresh_clone_pulls_labels_and_asks_no_teacher(project, zygote, tmp_path):
    """But not those of which a byte changed in the remote."""
    clone = tmp_path / "clone"
    assert project.run("git", "clone", "-q", str(project.folder), str(clone)).returncode == 0
    fresh = Project(clone, zygote)
    parts = ("train", "test", "eec", "eec-variants", "film", "swaps")
    files = [f"data/teacher/mine/tiny/{part}.csv" for part in parts]
    files.append("data/swaps/mine/edits.csv")  # so that no spaCy is needed either
    content = project.path(files[0]).read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    stored = clone / "labels/files/md5" / digest[:2] / digest[2:]
    stored.chmod(0o644)
    stored.write_bytes(content.replace(b"1", b"2", 1))
    result = fresh.tried("dvc", "pull", "data")
    assert result.returncode != 0
    assert files[0] in result.stdout + result.stderr
    assert [fresh.path(name).exists() for name in files] == [False] + [True] * (len(files) - 1)

    stored.parent.mkdir(exist_ok=True)
    stored.write_bytes(content)
    fresh.dvc("pull", "data")
    for name in files:
        assert fresh.path(name).read_bytes() == project.path(name).read_bytes()
    said = fresh.dvc("repro", "data", "swaps")
    made = set(re.findall("Running stage '([a-z]+)", said))
    assert made == {"reviews", "eec", "film", "swaps"}


def test_launch_label_reports_the_teacher(project):
    assert "teacher-tiny: accuracy" in project.cli("launch", "label", "--teacher", "study")


def test_two_studies_side_by_side(project):
    original = project.path("params.yaml").read_text()
    runs = len(project.runs())
    project.cli("study", "second")
    output = project.dvc("repro", **BLANK)
    assert "label:" not in output  # every text is known from the first study's labels
    arms = [f"bow-{arm}/seed-0" for arm in ARMS]
    assert set(pd.read_csv(project.path("reports/second/bias.csv"))["system"]) == {
        SYSTEMS[0],
        *arms,
    }
    assert len(project.runs()) == runs + len(arms) + 2

    project.cli("study", "tiny")
    assert project.path("params.yaml").read_text() == original
    assert "Running" not in project.dvc("repro")
    project.cli("study", "second")
    assert "Running" not in project.dvc("repro")
    project.path("params.yaml").write_text(original)


@pytest.fixture
def second(project):
    """The second study, which has fewer systems, once it has run."""
    original = project.path("params.yaml").read_text()
    project.cli("study", "second")
    if not project.path("reports/second/report.html").exists():
        project.dvc("repro", **BLANK)
    yield project
    project.path("params.yaml").write_text(original)


def test_launch_train_leaves_dvc_as_it_was_and_makes_the_same_bytes(second):
    second.cli("launch", "train", "--student", "bow", **BLANK)
    (folder,) = second.path("runs").iterdir()
    model = "models/second/bow-distilled/seed-0"
    assert load_student(folder / model).max_length == 300
    weights = f"{model}/model.safetensors"
    assert (folder / weights).read_bytes() == second.path(weights).read_bytes()
    assert (folder / "reports/second/report.html").is_file()
    assert "up to date" in second.dvc("status")
    shutil.rmtree(folder)


def test_launch_evaluate_scores_the_models_that_are_there(second):
    second.cli("launch", "evaluate", "--student", "bow", **BLANK)
    (folder,) = second.path("runs").iterdir()
    name = "predictions/second/bow-distilled/seed-0/eec.parquet"
    assert (folder / name).read_bytes() == second.path(name).read_bytes()
    assert "up to date" in second.dvc("status")
    shutil.rmtree(folder)


def test_experiment_takes_a_student_out_and_there_is_a_way_back(project):
    """As DVC's users try a param; the other students are neither trained nor scored again."""
    kept = {name: project.path(name).read_bytes() for name in ("params.yaml", "dvc.lock")}
    choice = ("-S", "study.students=[bow]", "-S", "study.one_seed=[]")
    said = project.dvc("exp", "run", *choice, **BLANK)
    assert re.findall("Running stage '([a-z-]+)", said) == ["bias", "report", "publish"]
    systems = pd.read_csv(project.path("reports/tiny/bias.csv"))["system"]
    assert not systems.str.startswith("encoder").any()
    assert "encoder-" not in project.path("reports/tiny/report.html").read_text()

    for name, content in kept.items():
        project.path(name).write_bytes(content)
    project.dvc("checkout")
    said = project.dvc("repro")
    assert set(re.findall("Running stage '([a-z-]+)", said)) <= {"publish"}
    systems = pd.read_csv(project.path("reports/tiny/bias.csv"))["system"]
    assert systems.str.startswith("encoder").any()


def test_a_failing_stage_says_one_line_and_leaves_outputs_alone(project):
    original = project.path("params.yaml").read_text()
    before = project.path("reports/tiny/bias.csv").read_bytes()
    for change, message in (
        ({"students": ["bwo"]}, "did you mean 'bow'"),
        ({"teacher": "smollm"}, "did you mean 'smollm2'"),
        ({"targets": ["destilled"]}, "distilled"),
        ({"seed": [0]}, "did you mean 'seeds'"),
    ):
        project.params(**change)
        result = project.tried("bias_transfer", "bias")
        assert result.returncode == 1
        assert result.stderr.startswith("Error: ")
        assert message in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        project.path("params.yaml").write_text(original)
    assert project.path("reports/tiny/bias.csv").read_bytes() == before
