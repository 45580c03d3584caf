"""The production layout on one machine without Docker: what docker-compose.yml starts, as plain processes on loopback.

    without_docker.py --root ROOT prepare                               folders, as the Dockerfile makes them
    without_docker.py --root ROOT run airflow-scheduler                 become that service's command
    without_docker.py --root ROOT run airflow-scheduler tokumei doctor  the same for another one
    without_docker.py --root ROOT check airflow-scheduler               become its health check

Commands and environment come from docker-compose.yml and ``ROOT/.env``, so there is one place that says what runs;
hosts become 127.0.0.1 and everything listens there only, folders of the containers lie below ROOT. Root adds
``--account NAME``: folders of data are that account's, and commands run as it. What containers give beside that (zones
and networks apart, no rights, a root that cannot be written) is in the units of systemd_units.py. See
docs/production.md.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
#: Containers' folders -> folders below ROOT.
FOLDERS = {
    "/opt/tokumei/config": "opt/tokumei-config",
    "/opt/airflow": "opt",
    "/var/lib/tokumei": "zones",
    "/var/log/airflow": "log",
    "/var/lib/demo": "demo",
    "/run/queue": "queue",
}
HOSTS = ("postgres", "airflow-apiserver")
LOOPBACK = "127.0.0.1"
#: Airflow listens on every address unless it is told otherwise; in containers only what is published can be reached.
LISTEN = {
    "AIRFLOW__API__HOST": LOOPBACK,
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": LOOPBACK,
}
#: These would serve their logs on every address, which no setting changes; the API server has the folder itself.
SERVE_LOGS = (["airflow", "scheduler"], ["airflow", "triggerer"], ["airflow", "celery", "worker"])
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?P<kind>:[?-])(?P<rest>[^}]*)\})")


def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    document = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    return dict(document["services"])


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Fill in ``${NAME:?why}`` and ``${NAME:-default}``, undo ``$$``. `KeyError` where a required one is missing."""

    def fill(match: re.Match[str]) -> str:
        if not match["name"]:
            return "$"
        given = values.get(match["name"], "")
        if not given and match["kind"] == ":?":
            raise KeyError(f"{match['name']}: {match['rest']}")
        return given or match["rest"]

    return VARIABLE.sub(fill, text)


def settings(path: Path) -> dict[str, str]:
    """``NAME=value`` lines of an .env file. `KeyError` where there is none."""
    if not path.is_file():
        raise KeyError("there is no such file; copy .env.example there and fill it in")
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


class Layout:
    """Where things lie below one root, and what the compose file's texts mean there. `ports`: other ones than usual."""

    def __init__(self, root: Path, ports: Mapping[str, str]) -> None:
        self.root, self.values = root, settings(root / ".env")
        self.services = services()
        self.ports = {**self._published(), **ports}

    def _published(self) -> dict[str, str]:
        """TOKUMEI_PORT and TOKUMEI_PORTAL_PORT: in containers published there, here listened on."""
        texts = (text for service in self.services.values() for text in service.get("ports", []))
        pairs = (interpolate(text, self.values).rsplit(":", 2)[1:] for text in texts)
        return {inner: outer for outer, inner in pairs if inner != outer}

    def place(self, folder: str) -> Path | None:
        """Where a container's folder lies, None where that is not below the root."""
        for theirs, ours in FOLDERS.items():
            if folder == theirs or folder.startswith(f"{theirs}/"):
                return self.root / ours / folder.removeprefix(theirs).lstrip("/")
        return None

    def zones(self) -> list[Path]:
        """Folders of data, one for every volume below /var/lib/tokumei."""
        volumes = (str(v).split(":")[1] for s in self.services.values() for v in s.get("volumes", []))
        return [self.root / "zones" / Path(v).name for v in sorted(set(volumes)) if v.startswith("/var/lib/tokumei/")]

    def prepare(self, account: str = "") -> None:
        """Folders of data (0700), DAGs, plugin, configuration. A configuration that is there stays.

        With an account the folders of data are its own; the rest stays ours, so that what runs cannot change itself.
        """
        self.root.mkdir(mode=0o711, exist_ok=True)
        for folder in (self.root / "zones", *self.zones(), self.root / "log", self.root / "queue"):
            folder.mkdir(mode=0o700, exist_ok=True)
            if account:
                shutil.chown(folder, account, account)
        home = self.root / "opt"
        home.mkdir(mode=0o755 if account else 0o700, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.rmtree(home / "dags", ignore_errors=True)  # a DAG that a new version does not have goes
        shutil.copytree(PROJECT / "dags", home / "dags", ignore=ignore)
        (home / "plugins").mkdir(exist_ok=True)
        for name in ("provision_ui.py", ".airflowignore"):
            shutil.copy(PROJECT / "plugins" / name, home / "plugins")
        shutil.copy(PROJECT / "scripts" / "airflow_init.py", home)
        (home / "airflow.cfg").write_text("# Everything is set by environment variables: docker-compose.yml.\n")
        if not (home / "tokumei-config").exists():
            shutil.copytree(PROJECT / "config", home / "tokumei-config")

    def text(self, text: str) -> str:
        """One text of the compose file, for this machine. What operators give is filled in last, as it is."""
        for host in HOSTS:
            text = re.sub(rf"(?<=[@/]){host}(?=:)", LOOPBACK, text)
        if self.ports:  # all in one pass, as two of them may have changed places
            text = re.sub(rf"(?<!\d)({'|'.join(self.ports)})(?!\d)", lambda found: self.ports[found[1]], text)
        for folder, place in FOLDERS.items():
            text = text.replace(folder, str(self.root / place))
        return interpolate(text, self.values)

    def environment(self, service: str) -> dict[str, str]:
        """Only what compose gives, and what the image has."""
        given = self.services[service].get("environment", {})
        base = {
            "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/bin", "HOME": str(self.root / "log"),
            "LANG": "C.UTF-8", "AIRFLOW_HOME": str(self.root / "opt"),
        }  # fmt: skip
        listen = LISTEN if "AIRFLOW__API__PORT" in given else {}
        return base | listen | {name: self.text(str(value)) for name, value in given.items()}

    def command(self, service: str) -> list[str]:
        """The service's command, listening on this machine only."""
        words = list(self.services[service]["command"])
        words += ["--skip-serve-logs"] if words in SERVE_LOGS else []
        return [LOOPBACK if word == "0.0.0.0" else self.text(word) for word in words]

    def check(self, service: str) -> list[str]:
        """The service's health check."""
        _, *words = self.services[service]["healthcheck"]["test"]
        return [self.text(word) for word in words]

    def become(self, service: str, command: Sequence[str], account: str = "") -> None:
        """Replace this process by a command in the service's environment: whoever started us ends it by our number."""
        environment = self.environment(service)
        if account:
            drop_to(account)
        os.chdir(self.root / "opt")
        os.execvpe(shutil.which(command[0], path=environment["PATH"]) or command[0], list(command), environment)


def drop_to(account: str) -> None:
    """Root becomes the account for good; what it writes is for itself only."""
    entry = pwd.getpwnam(account)
    os.initgroups(account, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.umask(0o077)


def main(argv: Sequence[str] | None = None) -> int:
    """See above. Exit code 2 names what is missing: a value in ROOT/.env, or the account."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--port", action="append", default=[], metavar="USUAL=OTHER", help="5432=15432, for instance")
    parser.add_argument("--account", default="", help="as root: whose the data are, and who runs")
    inner = parser.add_subparsers(dest="action", required=True)
    inner.add_parser("prepare")
    for action in ("run", "check"):
        one = inner.add_parser(action)
        one.add_argument("service", choices=sorted(services()), metavar="SERVICE")
    arguments, rest = parser.parse_known_args(argv)
    if arguments.account and arguments.account not in {entry.pw_name for entry in pwd.getpwall()}:
        parser.error("--account: there is no such account; useradd makes it")
    try:
        layout = Layout(arguments.root.resolve(), dict(pair.split("=", 1) for pair in arguments.port))
        if arguments.action == "prepare":
            layout.prepare(arguments.account)
        else:
            of = layout.check if arguments.action == "check" else layout.command
            layout.become(arguments.service, rest or of(arguments.service), arguments.account)
    except KeyError as missing:
        print(f"without_docker: {arguments.root / '.env'}: {missing.args[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
