"""A study handed on through a DVC remote behind a real SSH server."""

import pytest
from servers.clones import LABELS, RESULTS, clone, commit, digests, error

pytestmark = pytest.mark.servers


@pytest.fixture
def shared(checkout, ssh, tmp_path):
    """The tiny study, whose results and labels belong on the SSH server; nothing is there yet."""
    url = f"ssh://127.0.0.1:{ssh.port}{tmp_path}/remote"
    checkout.dvc("remote", "add", "-d", "store", f"{url}/store")
    checkout.dvc("remote", "modify", "labels", "url", f"{url}/labels")
    commit(checkout)
    use(ssh, ssh.key, checkout)
    return checkout


def use(ssh, key, project) -> None:
    """What each has in a config of their own."""
    for name in ("store", "labels"):
        for option, value in (("user", ssh.user), ("keyfile", str(key))):
            project.dvc("remote", "modify", "--local", name, option, value)


def test_study_comes_whole_into_a_colleague_s_clone(shared, ssh, tmp_path):
    shared.dvc("push")
    project = clone(shared, tmp_path / "clone")
    use(ssh, ssh.key, project)
    project.dvc("pull", "data")
    assert digests(project, LABELS) == digests(shared, LABELS) != {}
    assert not digests(project, *RESULTS)
    project.dvc("pull", "--allow-missing")
    assert digests(project, *RESULTS) == digests(shared, *RESULTS) != {}


@pytest.mark.parametrize("command", ["push", "pull"])
def test_wrong_key_is_refused_and_loses_nothing(shared, ssh, tmp_path, command):
    project = shared
    if command == "pull":
        shared.dvc("push")
        project = clone(shared, tmp_path / "clone")
    before = digests(project, LABELS, *RESULTS)
    use(ssh, ssh.other_key, project)
    refused = project.tried("dvc", command, "data")
    assert refused.returncode not in (0, None)
    assert "Permission denied" in error(refused.stderr)
    assert digests(project, LABELS, *RESULTS) == before
    use(ssh, ssh.key, project)
    project.dvc(command, "data")
    assert digests(project, LABELS) == digests(shared, LABELS)
