"""Units of systemd for the layout without Docker: how docker-compose.yml confines its containers, said to systemd.

    python -m scripts.systemd_units --root ROOT --account NAME      as root, again after every change of ROOT/.env

A unit sees of ROOT only the program and the folders that its service mounts, each as writable as there; the networks it
is in decide whether it gets off this machine. All units are of one account, so each has a user namespace of its own:
without one a process reads the folders and the environment of another of the same account through /proc. What is secret
stands in files that root alone reads. Directives: systemd.exec(5), systemd.service(5), systemd.resource-control(5).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.without_docker import PROJECT, Layout

#: What every container gets from ``x-hardening`` and from being a container. Not ProtectProc: it would hide Airflow's
#: tasks, which make themselves undumpable, from their own supervisor, and every task would fail.
CONFINED = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
TARGET = """\
[Unit]
Description=Tokumei

[Install]
WantedBy=multi-user.target
"""
#: A published port is no way out of the machine.
PUBLISHING = {"front"}


def word(text: str) -> str:
    """One word of a command line; percent and dollar signs mean themselves."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") + '"'


def assignment(name: str, value: str) -> str:
    """One line of an EnvironmentFile; quoted as a shell would."""
    for special in '\\"`$':
        value = value.replace(special, "\\" + special)
    return f'{name}="{value}"'


class Units:
    """The units of one layout."""

    def __init__(self, layout: Layout, account: str, environments: Path) -> None:
        self.layout, self.account, self.environments = layout, account, environments
        self.networks: Mapping[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))[
            "networks"
        ]

    def names(self) -> list[str]:
        """Services that are ours here: PostgreSQL is Debian's, profile celery where the executor is, never the demo."""
        celery = self.layout.values.get("TOKUMEI_EXECUTOR") == "CeleryExecutor"
        wanted = {"celery"} if celery else set()
        services = self.layout.services.items()
        return [name for name, s in services if name != "postgres" and set(s.get("profiles", [])) <= wanted]

    def unit(self, name: str) -> str:
        """The unit file of a service."""
        return "\n".join([*self._unit(name), "[Service]", *self._service(name), *self._folders(name), CONFINED])

    def environment(self, name: str) -> str:
        """Its environment, as docker-compose.yml gives it; HOME as in the image."""
        pairs = self.layout.environment(name) | {"HOME": "/tmp"}
        return "".join(f"{assignment(key, value)}\n" for key, value in pairs.items())

    def _unit(self, name: str) -> Iterator[str]:
        needed = [n for n in self.layout.services[name].get("depends_on", {}) if n != "postgres"]
        units = " ".join(f"tokumei-{n}.service" for n in needed)
        yield from ("[Unit]", f"Description=Tokumei: {name}", "PartOf=tokumei.target")
        yield f"After=network-online.target postgresql.service {units}".rstrip()
        yield from ([f"Requires={units}"] if units else [])
        yield from ("StartLimitIntervalSec=0", "", "[Install]", "WantedBy=tokumei.target", "")

    def _service(self, name: str) -> Iterator[str]:
        service = self.layout.services[name]
        once = service.get("restart") == "no"
        program, *words = self.layout.command(name)
        found = shutil.which(program, path=self.layout.environment(name)["PATH"])
        if found is None:
            raise FileNotFoundError(program)
        yield from ("Type=oneshot", "RemainAfterExit=yes") if once else ("Type=exec", "Restart=always", "RestartSec=5")
        yield from (f"User={self.account}", f"Group={self.account}", "UMask=0077")
        yield f"EnvironmentFile={self.environments / name}.env"
        yield f"WorkingDirectory={self.layout.root / 'opt'}"
        yield " ".join([f"ExecStart={found}", *map(word, words)])
        yield "KillMode=mixed"  # the main process ends its own, as it does where it is a container's first
        yield f"TimeoutStopSec={service.get('stop_grace_period', '90s')}"
        yield from self._network(service)

    def _network(self, service: Mapping[str, Any]) -> list[str]:
        if service.get("network_mode") == "none":
            return ["PrivateNetwork=yes"]
        ways = {n for n in service.get("networks", []) if not self.networks[n].get("internal")} - PUBLISHING
        return [] if ways else ["IPAddressDeny=any", "IPAddressAllow=localhost"]

    def _folders(self, name: str) -> Iterator[str]:
        """Nothing of the root but what is named: a folder that is added later is not seen."""
        root, program = self.layout.root, Path(sys.prefix)
        yield f"TemporaryFileSystem={root}:ro"
        yield from (f"BindReadOnlyPaths={p}" for p in (root / "opt", program) if p.is_relative_to(root))
        for volume in self.layout.services[name].get("volumes", []):
            _, target, *mode = str(volume).split(":")
            place = self.layout.place(target)
            if place is None or place.is_relative_to(root / "opt") or not place.is_dir():
                continue
            yield f"BindReadOnlyPaths={place}" if mode == ["ro"] else f"BindPaths={place}"
            yield from [] if mode == ["ro"] else [f"ReadWritePaths={place}"]


def write(units: Units, folder: Path) -> list[Path]:
    """Unit files, the target, and the environments (0600, in a folder of 0700). Says which units there are."""
    units.environments.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = [folder / "tokumei.target"]
    written[0].write_text(TARGET, encoding="utf-8")
    for name in units.names():
        environment = units.environments / f"{name}.env"
        environment.touch(mode=0o600)
        environment.write_text(units.environment(name), encoding="utf-8")
        written.append(folder / f"tokumei-{name}.service")
        written[-1].write_text(units.unit(name), encoding="utf-8")
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """See above. Exit code 2 names what is missing: a value in ROOT/.env, or a program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--units", type=Path, default=Path("/etc/systemd/system"))
    parser.add_argument("--environments", type=Path, default=Path("/etc/tokumei"))
    arguments = parser.parse_args(argv)
    try:
        layout = Layout(arguments.root.resolve(), {})
        for path in write(Units(layout, arguments.account, arguments.environments), arguments.units):
            print(path)
    except KeyError as missing:
        print(f"systemd_units: {arguments.root / '.env'}: {missing.args[0]}", file=sys.stderr)
        return 2
    except FileNotFoundError as missing:
        print(f"systemd_units: {missing}: not found; install it first", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
