"""The main job through Airflow's scheduler: three senders in, four releases out, each approved by two officers."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from demo import officers, recipients
from demo.airflow import Airflow
from demo.portalvisit import PortalVisit
from demo.screen import Progress
from demo.servers.portal import PortalServer
from demo.servers.process import LocalServer
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from demo.summary import gather
from demo.world import World
from provision.context import Context, open_context

PATIENCE = 600.0
#: Who signs in at the portal for the recipient of the bucket (config/recipients/aozora-pharma.yaml).
PORTAL_CONTACT = "rwd@aozora-pharma.example"


class Demonstration:
    """Everything of one run; `stop` ends every process it started. `stays`: people add sources and plans afterwards."""

    def __init__(self, root: Path, progress: Progress, *, people: int, seed: int, stays: bool = False) -> None:
        self.stays = stays
        self.world, self.progress, self.people, self.seed = World(root), progress, people, seed
        self.servers: list[LocalServer] = []
        self.airflow: Airflow | None = None

    def run(self) -> dict[str, Any]:
        """All of it; gives what the last screen shows. Raises where anything did not happen."""
        self.progress.say(f"making a fictitious world of {self.people:,} people")
        self.world.make(people=self.people, seed=self.seed)
        self._start_servers()
        context = open_context(folder=self.world.config, home=self.world.home)
        sources, plans = sorted(context.sources), sorted(context.plans)
        self._start_airflow(sources, plans)
        self._receive(context, sources)
        self._release(context, plans)
        return self._conclude(context)

    def _start_servers(self) -> None:
        folder = self.world.root / "servers"
        self.smtp = SmtpServer(folder / "smtp")
        self.s3 = S3Server(folder / "s3", buckets=["provision"])
        self.sftp = SftpServer(folder / "sftp")
        for server in (self.smtp, self.s3, self.sftp):
            self._start(server)
        connections = {"tokumei_smtp": self.smtp.connection_json(), "tokumei_s3": self.s3.connection_json()}
        self.portal = PortalServer(folder / "portal", self.world.config, self.world.home, connections)
        self.portal.announce()
        self._start(self.portal)

    def _start(self, server: LocalServer) -> None:
        self.servers.append(server)
        server.start()
        self.progress.say(f"{type(server).__name__} answers on port {server.port}")

    def _start_airflow(self, sources: list[str], plans: list[str]) -> None:
        extra = {
            "TOKUMEI_CONFIG": str(self.world.config),
            "TOKUMEI_HOME": str(self.world.home),
            "AIRFLOW_CONN_TOKUMEI_SMTP": self.smtp.connection_json(),
            "AIRFLOW_CONN_TOKUMEI_S3": self.s3.connection_json(),
            "AIRFLOW_CONN_PARTNER_MIDORI": self.sftp.connection_json(),
        }
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.airflow = Airflow(self.world.root / "airflow", extra, reread=30 if self.stays else 3600)
        self.progress.say("starting Airflow (API server, scheduler, DAG processor)")
        self.airflow.start()
        self.progress.say(f"Airflow answers at {self.airflow.url}")
        dags = {f"intake__{s.replace('-', '_')}" for s in sources} | {f"release__{p.replace('-', '_')}" for p in plans}
        self.airflow.client("operator").wait_for_dags(dags)

    def _receive(self, context: Context, sources: list[str]) -> None:
        """Drop the senders' files and start the intake DAGs; releases start by themselves when all have arrived."""
        assert self.airflow is not None
        operator = self.airflow.client("operator")
        for source in sources:
            count = self.world.drop(source)
            operator.trigger(f"intake__{source.replace('-', '_')}")
            self.progress.say(f"{source}: {count} drops are in the inbox, intake runs")
        self._watch(context, lambda: self._ended("intake__") == len(sources))

    def _release(self, context: Context, plans: list[str]) -> None:
        """Wait for the releases; the officers approve each as soon as its page asks."""
        assert self.airflow is not None
        approved: set[str] = set()

        def done() -> bool:
            assert self.airflow is not None
            if any(
                context.ledger.state("release", e.subjects["release"]) == "gated"
                for e in context.ledger.entries(type="release.gated")
            ):
                for release, digest in officers.waiting(self.airflow).items():
                    if release not in approved:
                        self.progress.say(f"two officers read and approve {release}")
                        officers.approve(self.airflow, release, digest)
                        approved.add(release)
            return self._ended("release__") == len(plans)

        self._watch(context, done)

    def _ended(self, prefix: str) -> int:
        """How many runs ended well; raises where one failed, with the task that failed."""
        assert self.airflow is not None
        operator = self.airflow.client("operator")
        runs = [run for run in operator.runs() if run["dag_id"].startswith(prefix)]
        for run in runs:
            if run["state"] == "failed":
                tasks = operator.tasks(run["dag_id"], run["dag_run_id"])
                failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
                raise RuntimeError(f"{run['dag_id']}: {', '.join(failed)} failed")
        return sum(run["state"] == "success" for run in runs)

    def _watch(self, context: Context, done: Any) -> None:
        """Show new ledger entries until `done`."""
        give_up, seen = time.monotonic() + PATIENCE, context.ledger.size
        while True:
            over = done()
            for entry in context.ledger.entries(start=seen):
                seen = entry.seq + 1
                self.progress.say(f"log {entry.seq:>3}  {entry.type:<22} {' '.join(entry.subjects.values())}")
            if over:
                return
            if time.monotonic() > give_up:
                raise RuntimeError(f"not done after {PATIENCE:.0f} seconds")
            time.sleep(2)

    def _conclude(self, context: Context) -> dict[str, Any]:
        """The recipients open what they have; everything is verified and counted."""
        world, smtp = self.world, self.smtp
        opened = [
            recipients.open_mail(world, "tsukishima-university", smtp, "data@tsukishima-univ.example"),
            recipients.open_disc(world, "hinode-institute"),
            recipients.open_portal(world, "aozora-pharma", PortalVisit(self.portal.url, smtp, PORTAL_CONTACT)),
            recipients.open_sftp(world, "midori-foundation", self.sftp),
        ]
        for one in opened:
            self.progress.say(
                f"{one.recipient} opened its delivery ({one.channel}): {one.files} files, D {one.digest[:16]}…"
            )
        result = gather(context, opened, round(time.monotonic() - self.progress.began))
        (world.root / "summary.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
        return result

    def running(self) -> dict[str, list[Any]]:
        """What `down` needs: process group and program of everything running, and files it would leave behind."""
        every = [*self.servers, *(self.airflow.parts if self.airflow else [])]
        return {
            "processes": [(server.pid, server.program) for server in every if server.pid is not None],
            "leftovers": [str(path) for server in every for path in server.leftovers()],
        }

    def addresses(self) -> str:
        """Addresses and logins of a kept demonstration."""
        assert self.airflow is not None
        lines = [f" Airflow    {self.airflow.url}   (Browse > Provision log, Release approvals)"]
        lines += [f"            login {name:<10} password {word}" for name, word in self.airflow.passwords.items()]
        lines += [
            f" Portal     {self.portal.url}   (sign in as {PORTAL_CONTACT}; letters are in {self.smtp.mail})",
            f" S3         {self.s3.endpoint}   SFTP port {self.sftp.port}   SMTP port {self.smtp.port}",
            " end it with: make down",
        ]
        return "\n".join(lines)

    def stop(self) -> None:
        """End everything that was started, Airflow first."""
        if self.airflow is not None:
            self.airflow.stop()
        for server in reversed(self.servers):
            server.stop()
