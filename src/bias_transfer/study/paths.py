"""Where every file of a study lies, as ``dvc.yaml`` has it too. No other module knows a name."""

import os
from dataclasses import dataclass
from pathlib import Path

from bias_transfer.study.params import Study
from bias_transfer.study.systems import Arm

SPLITS = ("train", "test")
CORPORA = ("eec", "film", "swaps")
LABELLED = (*SPLITS, *CORPORA, "versions")
SCORED = ("reviews", *CORPORA)
LABELS_MANIFEST = "labels.json"
TRAINING = "training.json"
HISTORY = "history.csv"
RUNS = Path("runs")
LAUNCHING = "MLFLOW_RUN_ID"  # environment variable: the run that `mlflow run` opened
COMMITTED = Path("docs/results/hypotheses.json")  # what was declared, kept in git


@dataclass(frozen=True)
class Layout:
    """Paths of one study.

    Inputs lie under ``inputs``; what the study itself makes lies under ``root``.
    """

    study: Study
    root: Path = Path()
    inputs: Path = Path()

    @property
    def eec(self) -> Path:
        """The Equity Evaluation Corpus."""
        return self.inputs / "data/eec/eec.csv"

    @property
    def reviews_folder(self) -> Path:
        """Folder of the review splits and their counts."""
        return self.inputs / "data/reviews" / self.study.reviews

    @property
    def film(self) -> Path:
        """Film sentences."""
        return self.inputs / "data/film/film.csv"

    def reviews(self, split: str) -> Path:
        """Reviews of one split, or ``unused``: those of neither."""
        return self.reviews_folder / f"{split}.csv"

    @property
    def counts(self) -> Path:
        """How many reviews there were before and after each filter."""
        return self.reviews_folder / "counts.json"

    @property
    def swaps_folder(self) -> Path:
        """Folder of what is swapped in reviews."""
        return self.inputs / "data/swaps" / self.study.reviews

    @property
    def edits(self) -> Path:
        """Where each gendered word of a review stands, and what takes its place."""
        return self.swaps_folder / "edits.csv"

    @property
    def pairs(self) -> Path:
        """Passages of held-out reviews, each about women and about men."""
        return self.swaps_folder / "pairs.csv"

    @property
    def placebo(self) -> Path:
        """Passages of held-out reviews, each in two versions without social meaning."""
        return self.swaps_folder / "placebo.csv"

    @property
    def all_labels(self) -> Path:
        """Folder of the labels of every reviews and teacher."""
        return self.inputs / "data/teacher"

    @property
    def labels_folder(self) -> Path:
        """Folder of the teacher's labels and their manifest."""
        return self.all_labels / self.study.reviews / self.study.teacher

    def labels(self, part: str) -> Path:
        """Teacher labels of one of ``LABELLED``, or of ``eec-variants``."""
        return self.labels_folder / f"{part}.csv"

    @property
    def labels_manifest(self) -> Path:
        """What was asked of whom, and the hashes of the label files."""
        return self.labels_folder / LABELS_MANIFEST

    def journal(self, fingerprint: str) -> Path:
        """Answers of one teacher and prompt, a line each, as they come in."""
        return self.inputs / "data/journal" / f"{fingerprint[:16]}.jsonl"

    def model(self, system: str) -> Path:
        """Folder of one trained student; of a group, the folder of its seeds' folders."""
        return self.root / "models" / self.study.name / system

    def training(self, arm: Arm) -> Path:
        """What one student was trained from."""
        return self.model(arm.system) / TRAINING

    def history(self, arm: Arm) -> Path:
        """One student's epochs."""
        return self.model(arm.system) / HISTORY

    def predictions_folder(self, group: str) -> Path:
        """Folder of the scores of a teacher, or of one student and target."""
        return self.root / "predictions" / self.study.name / group

    def predictions(self, system: str, part: str) -> Path:
        """Scores of one system on ``reviews`` (the test split), ``eec``, ``swaps`` or ``film``."""
        return self.predictions_folder(system) / f"{part}.parquet"

    def metrics_folder(self, group: str) -> Path:
        """Folder of the metrics of one student and target, one file per seed."""
        return self.root / "metrics" / self.study.name / group

    def metrics(self, system: str) -> Path:
        """Accuracy and the like of one system on the test reviews."""
        return self.root / "metrics" / self.study.name / f"{system}.json"

    def report(self, name: str) -> Path:
        """A table or page of the study's report."""
        return self.root / "reports" / self.study.name / name

    @property
    def figures(self) -> Path:
        """Folder of the report's figures, as PNG and as SVG."""
        return self.report("figures")

    def figure(self, name: str) -> Path:
        """A figure of the study's report."""
        return self.figures / name


def launch_folder() -> Path:
    """Folder of what a launch by ``mlflow run`` writes, named after its run."""
    return RUNS / (os.environ.get(LAUNCHING) or f"local-{os.getpid()}")
