"""SeaweedFS, a real S3 server, with one bucket in a folder of its own."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.processes import HOST, answers, free_port, running

WEED = Path(sys.executable).with_name("weed")
KEY, SECRET, BUCKET = "key-of-these-tests", "secret-of-these-tests", "study"


@contextmanager
def store(folder: Path) -> Iterator[dict[str, str]]:
    """What the environment must hold to reach it."""
    from botocore.session import Session

    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    assert len(set(ports.values())) == len(ports)
    command = [
        *(str(WEED), "server", "-ip", HOST, "-ip.bind", HOST, "-dir", str(folder / "data")),
        *("-s3", "-s3.config", str(config), "-filer"),
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
        *("-master.volumeSizeLimitMB=64", "-volume.max=8"),
    ]
    environment = {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{ports['s3']}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    with running(command, folder / "log", lambda: answers(ports["s3"]), cwd=folder):
        client = Session().create_client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=BUCKET)
        yield environment
