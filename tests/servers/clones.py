"""A colleague's clone of a checkout, and what came into it."""

from pathlib import Path

from tiny_study import Project

from bias_transfer.io import provenance

LABELS, RESULTS = "data/teacher", ("models", "predictions", "metrics", "reports")
STAYS = ("pairs.html", "published.json")  # it quotes reviews; each checkout publishes for itself


def commit(checkout: Project) -> None:
    """What stands in DVC's config, so that it comes with a clone."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = checkout.run(*git, "commit", "-qm", "a remote", ".dvc/config")
    assert done.returncode == 0, done.stderr


def clone(checkout: Project, folder: Path) -> Project:
    done = checkout.run("git", "clone", "-q", ".", str(folder))
    assert done.returncode == 0, done.stderr
    made = Project(folder, checkout.zygote)
    made.environment |= {
        name: value for name, value in checkout.environment.items() if name.startswith("AWS_")
    }
    return made


def digests(project: Project, *folders: str) -> dict[str, str]:
    """SHA-256 of every file that is passed on."""
    return {
        str(path.relative_to(project.folder)): provenance.sha256(path)
        for folder in folders
        for path in sorted(project.path(folder).rglob("*"))
        if path.is_file() and path.name not in STAYS
    }


def error(said: str) -> str:
    """DVC's line that names the cause; others, and hints, follow."""
    return next(line for line in said.splitlines() if line.startswith("ERROR: "))
