"""A study handed on through a bucket, and reviews and texts read from one, on a real S3 server."""

import pandas as pd
import pytest
import tiny_study
from servers.clones import LABELS, RESULTS, clone, commit, digests, error
from servers.seaweed import BUCKET

pytestmark = pytest.mark.servers

WRONG = {"AWS_SECRET_ACCESS_KEY": "wrong"}
REFUSED = "the store wants another key: check its id and secret"


@pytest.fixture
def shared(checkout, bucket):
    """The tiny study with the bucket's key in its environment."""
    checkout.environment |= bucket
    return checkout


@pytest.fixture
def folder(tmp_path) -> str:
    """A place in the bucket where no other test writes."""
    return f"s3://{BUCKET}/{tmp_path.name}"


def put(frame: pd.DataFrame, url: str, bucket: dict[str, str]) -> None:
    frame.to_parquet(url, index=False, storage_options=options(bucket))


def options(bucket: dict[str, str]) -> dict[str, str]:
    return {
        "endpoint_url": bucket["AWS_ENDPOINT_URL"],
        "key": bucket["AWS_ACCESS_KEY_ID"],
        "secret": bucket["AWS_SECRET_ACCESS_KEY"],
    }


def test_study_comes_whole_into_a_colleague_s_clone(shared, folder, tmp_path):
    shared.dvc("remote", "add", "-d", "store", folder)
    commit(shared)
    refused = shared.tried("dvc", "push", **WRONG)
    assert refused.returncode not in (0, None)
    assert "Forbidden" in error(refused.stderr)
    shared.dvc("push")

    project = clone(shared, tmp_path / "clone")
    refused = project.tried("dvc", "pull", "--allow-missing", **WRONG)
    assert refused.returncode not in (0, None)
    assert "Forbidden" in error(refused.stderr)
    assert not digests(project, *RESULTS)
    project.dvc("pull", "--allow-missing")
    assert digests(project, LABELS, *RESULTS) == digests(shared, LABELS, *RESULTS) != {}


def test_reviews_are_read_from_the_bucket(shared, folder, bucket):
    url = f"{folder}/reviews.parquet"
    put(tiny_study.reviews(100), url, bucket)
    shared.cli("study", "tiny", "--reviews", url)
    before = digests(shared, "data/reviews")

    refused = shared.tried("bias_transfer", "reviews", "mine", **WRONG)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"Error: {url} cannot be read as CSV or parquet: Forbidden ({REFUSED}")
    assert digests(shared, "data/reviews") == before

    shared.path("data/reviews/mine/train.csv").unlink()
    shared.cli("reviews", "mine")
    assert digests(shared, "data/reviews") == before


def test_texts_are_labelled_from_bucket_to_bucket(shared, folder, bucket):
    texts = pd.DataFrame({"id": ["a", "b"], "text": ["a warm film", "a dull film"]})
    put(texts, f"{folder}/texts/0.parquet", bucket)
    command = ("label-parquet", "tiny", "--texts", f"{folder}/texts", "--out", f"{folder}/labels")

    refused = shared.tried("bias_transfer", *command, **WRONG)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"Error: {folder}/texts cannot be read: The request signature")
    assert REFUSED in line

    shared.cli(*command)
    found = pd.read_parquet(f"{folder}/labels", storage_options=options(bucket))
    assert sorted(found["id"]) == ["a", "b"]
    assert found["label_0"].add(found["label_1"]).tolist() == pytest.approx([1, 1])
