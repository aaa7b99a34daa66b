"""Where every file of a study lies: the one map of paths, which ``dvc.yaml`` repeats and a test compares."""

from dataclasses import dataclass
from pathlib import Path

from bias_transfer.params import Study

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Arm:
    """One student, trained on one target with one seed."""

    student: str
    target: str
    seed: int

    @property
    def group(self) -> str:
        """Name without the seed, as in ``bow-distilled``."""
        return f"{self.student}-{self.target}"

    @property
    def system(self) -> str:
        """Name with the seed, as in ``bow-distilled/seed-0``."""
        return f"{self.group}/seed-{self.seed}"


def arms(study: Study) -> list[Arm]:
    """Every student of the study, in the order of ``params.yaml``."""
    return [Arm(s, t, seed) for s in study.all_students for t in study.targets for seed in study.seeds_of(s)]


def teacher_system(study: Study) -> str:
    """Name of the teacher as a system, as in ``teacher-smollm2``."""
    return f"teacher-{study.teacher}"


def systems(study: Study) -> list[str]:
    """Every system of the study: the teacher, then the students."""
    return [teacher_system(study), *(arm.system for arm in arms(study))]


@dataclass(frozen=True)
class Layout:
    """Paths of one study. Inputs lie under ``inputs``; what the study itself makes lies under ``root``."""

    study: Study
    root: Path = Path()
    inputs: Path = Path()

    @property
    def eec(self) -> Path:
        """The Equity Evaluation Corpus."""
        return self.inputs / "data/eec/eec.csv"

    @property
    def reviews_folder(self) -> Path:
        """Folder of the review splits and ``counts.json``."""
        return self.inputs / "data/reviews" / self.study.reviews

    def reviews(self, split: str) -> Path:
        """Reviews of one split."""
        return self.reviews_folder / f"{split}.csv"

    @property
    def labels_folder(self) -> Path:
        """Folder of the teacher's labels and ``labels.json``."""
        return self.inputs / "data/teacher" / self.study.reviews / self.study.teacher

    def labels(self, part: str) -> Path:
        """Teacher labels of ``train``, ``test``, ``eec`` or ``eec-variants``."""
        return self.labels_folder / f"{part}.csv"

    def model(self, system: str) -> Path:
        """Folder of one trained student."""
        return self.root / "models" / self.study.name / system

    def predictions(self, system: str, part: str) -> Path:
        """Scores of one system on ``reviews`` (the test split) or ``eec``."""
        return self.root / "predictions" / self.study.name / system / f"{part}.parquet"

    def metrics(self, system: str) -> Path:
        """Accuracy and the like of one system on the test reviews."""
        return self.root / "metrics" / self.study.name / f"{system}.json"

    def report(self, name: str) -> Path:
        """A table, figure or page of the study's report."""
        return self.root / "reports" / self.study.name / name
