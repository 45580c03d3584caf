"""Everything a task needs, opened once: configuration, zones, keys, ledger, credentials. Cheap to open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from provision import config, logkeys
from provision.connections import EnvironmentResolver, Resolver
from provision.errors import FixConfiguration
from provision.keys import SIGNING, FileKeys, signing_key_path
from provision.layouts import Layout
from provision.ledger.places import place_of
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from provision.model import Plan, Platform, Profile, Recipient, Source
from provision.wrapping import wrapping_of
from provision.zones import Zones, home_folder

if TYPE_CHECKING:
    from provision.catalogue import Catalogue
    from provision.store import Store
    from provision.vault import Vault

Noun = TypeVar("Noun", Source, Plan, Profile, Recipient)


@dataclass(frozen=True)
class Context:
    """The opened platform. Nouns come from files that were checked; a missing one is named."""

    config_folder: Path
    platform: Platform
    sources: dict[str, Source]
    recipients: dict[str, Recipient]
    plans: dict[str, Plan]
    profiles: dict[str, Profile]
    zones: Zones
    resolver: Resolver
    layouts: dict[str, Layout] = field(default_factory=dict)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Every format and dataset, those of the layouts too."""
        from provision.catalogue import Catalogue

        return Catalogue(self.layouts)

    @cached_property
    def ledger(self) -> Ledger:
        """The provision log."""
        return Ledger.open(place_of(self.zones))

    @cached_property
    def keys(self) -> FileKeys:
        """Keys of vault, batches, gate and ledger."""
        return FileKeys(self.zones.vault() / "keys", wrapping_of(self.platform.key_wrapping, self.resolver))

    @cached_property
    def store(self) -> Store:
        """The store zone. Its engines are loaded here: pages that show no data run without them."""
        from provision.store import Store

        return Store(self.zones.store())

    @cached_property
    def vault(self) -> Vault:
        """Who is who."""
        from provision.vault import Vault

        return Vault(self.zones.vault() / "vault.db")

    @cached_property
    def signer(self) -> Signer:
        """The ledger's checkpoint key; made at first use. Its public part, and those of the keys before it, lie beside
        the ledger as ``log.vkey``."""
        path = signing_key_path(self.keys)
        if not path.exists():
            self._require_first(path)
            Signer.create(path, seal=partial(self.keys.sealed, SIGNING))
        signer = Signer.load(path, unseal=partial(self.keys.opened, SIGNING))
        public, text = self.zones.ledger().parent / "log.vkey", logkeys.every(path, signer)
        if not public.exists() or public.read_text(encoding="utf-8") != text:
            logkeys.replace(public, text)
        return signer

    def _require_first(self, path: Path) -> None:
        """`FixConfiguration` where the log was signed before and nobody retired that key: a new one, made in passing,
        would make every checkpoint look like a forgery."""
        signed = (self.zones.ledger().parent / "checkpoints").is_dir()
        if signed and not logkeys.retired(path):
            raise FixConfiguration(
                "the log was signed before, and its key is not here", where=path.name, rule="ledger.key_file",
                remedy="mount it where TOKUMEI_SIGNING_KEY says; where it is lost: tokumei keys rotate ledger-signing",
            )  # fmt: skip

    @property
    def log_keys(self) -> str:
        """Every public key that signed this log, one a line: what verifying it takes."""
        return logkeys.every(signing_key_path(self.keys), self.signer)

    def source(self, source_id: str) -> Source:
        """The source; `FixConfiguration` where no file defines it."""
        return _named(self.sources, source_id, "source", "sources")

    def plan(self, plan_id: str) -> Plan:
        """The plan; `FixConfiguration` where no file defines it."""
        return _named(self.plans, plan_id, "release plan", "releases")

    def recipient(self, recipient_id: str) -> Recipient:
        """The recipient; `FixConfiguration` where no file defines it."""
        return _named(self.recipients, recipient_id, "recipient", "recipients")

    def profile(self, profile_id: str) -> Profile:
        """The anonymisation profile; `FixConfiguration` where no file defines it."""
        return _named(self.profiles, profile_id, "profile", "profiles")


def open_context(resolver: Resolver | None = None, *, folder: Path | None = None, home: Path | None = None) -> Context:
    """Open the platform. `FixConfiguration` where platform.yaml does not hold; broken files of single sources,
    recipients or plans do not stop the others: asking for one of those does."""
    folder = folder or config.config_folder()
    platform, problems = config.load_platform(folder)
    if platform is None:
        raise FixConfiguration(
            "; ".join(p.message for p in problems), rule="config.platform", remedy="then run tokumei config check"
        )
    recipients = config.load_recipients(folder).items
    return Context(
        config_folder=folder,
        platform=platform,
        sources=config.load_sources(folder).items,
        recipients=recipients,
        plans={name: with_formats(plan, recipients) for name, plan in config.load_plans(folder).items.items()},
        profiles=config.load_profiles(folder).items,
        zones=Zones(home or home_folder()),
        resolver=resolver or EnvironmentResolver(),
        layouts=config.load_layouts(folder).items,
    )


def with_formats(plan: Plan, recipients: Mapping[str, Recipient]) -> Plan:
    """The plan with the formats of the agreement where it names none, so that everything that follows sees them."""
    recipient = recipients.get(plan.recipient)
    if plan.formats or recipient is None:
        return plan
    return plan.model_copy(update={"formats": list(recipient.agreement.formats)})


def _named(nouns: dict[str, Noun], name: str, what: str, folder: str) -> Noun:
    try:
        return nouns[name]
    except KeyError:
        raise FixConfiguration(
            f"there is no valid {what} called {name}",
            where=f"config/{folder}/{name}.yaml",
            rule=f"config.{what.replace(' ', '_')}",
            remedy="run tokumei config check, it names file, line and key",
        ) from None
