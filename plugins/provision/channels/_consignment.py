"""What all channels ask of a consignment before they touch it, and how they word what they found."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from provision.channels._templates import filled
from provision.channels.base import Consignment, OutboxFile, Receipt
from provision.errors import FixConfiguration, Refused

#: Name of the plain-text statement that goes with every delivery that is a folder (APPI art. 43(4)).
NOTICE_NAME = "README_匿名加工情報.txt"

_ORDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,159}")
_Settings = TypeVar("_Settings", bound=BaseModel)


def settings_of(consignment: Consignment, model: type[_Settings]) -> _Settings:
    """The channel settings, typed. Raises `FixConfiguration` that names the keys and repeats no value."""
    kind = model.model_fields["kind"].annotation
    given = {"kind": getattr(kind, "__args__", ("",))[0], **consignment.settings}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors())
        raise FixConfiguration(
            f"channel settings are not usable: {faults}",
            where=f"recipient {consignment.recipient}, channel {given['kind']}",
            rule="channel.settings",
            remedy="correct the channel in config/recipients",
        ) from None


def check_consignment(consignment: Consignment) -> None:
    """Refuse what no channel can hand over: a name unfit for a path, no files, missing, empty or changed-size files.

    File names: NFC, at most 100 characters and 200 bytes of UTF-8, no separators or control characters, so that they
    survive Joliet (103), S3 keys and SFTP alike.
    """
    if not _ORDER.fullmatch(consignment.order) or not _ORDER.fullmatch(consignment.release):
        raise _refused("order or release has characters that do not fit a path", "channel.order")
    if consignment.expires.tzinfo is None:
        raise _refused("the time of expiry has no time zone", "channel.expires")
    names = [each.name for each in consignment.files]
    if not names or len({name.casefold() for name in names}) != len(names):
        raise _refused("there is nothing to hand over, or two files have one name", "channel.files")
    for number, file in enumerate(consignment.files, 1):
        _check_file(file, f"file {number} of {consignment.order}")


def check_digests(consignment: Consignment) -> None:
    """Refuse when a file is not, byte for byte, what the ledger says. Reads every file once (about 1 GB/s)."""
    for number, file in enumerate(consignment.files, 1):
        with file.path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != file.sha256:
            raise Refused(
                "its SHA-256 is not the recorded one",
                where=f"file {number} of {consignment.order}",
                rule="channel.digest",
                remedy="nothing was sent; find out who changed the outbox, then make a new release",
            )


def total_bytes(consignment: Consignment) -> int:
    """Size of all files, in bytes: the total of the progress."""
    return sum(file.size for file in consignment.files)


def words(texts: Mapping[str, str], between: str = " / ") -> str:
    """Japanese and English in one line."""
    return between.join(" ".join(texts[key].split()) for key in ("ja", "en") if texts.get(key))


def notice_text(consignment: Consignment) -> str:
    """The statement that this is anonymously processed information, with what identifies the delivery (CRLF)."""
    operator = consignment.operator
    lines = [
        *("匿名加工情報 / Anonymously processed information", ""),
        *(consignment.notice.get("ja", ""), "", consignment.notice.get("en", ""), ""),
        f"件名 / Title: {words(consignment.title)}",
        f"提供番号 / Order: {consignment.order}",
        f"提供者 / Provider: {operator.get('name_ja', '')} / {operator.get('name_en', '')}",
        f"問合せ先 / Contact: {operator.get('contact', '')}",
        *("", "ファイル / Files (SHA-256, bytes, name):"),
        *(f"{file.sha256}  {file.size}  {file.name}" for file in consignment.files),
        *opening([file.name for file in consignment.files]),
    ]
    return "\r\n".join(lines) + "\r\n"


#: Ending of a sealed payload -> the command that opens it, as docs/recipients.md has it.
OPENING = {
    ".zip.age": "age --decrypt -i key.txt -o {plain} {sealed}",
    ".zip.gpg": "gpg --output {plain} --decrypt {sealed}",
}


def opening(names: Sequence[str]) -> list[str]:
    """開き方: the start page lies inside what is sealed, so how to get there stands outside. None for other files."""
    for sealed in names:
        for ending, command in OPENING.items():
            if sealed.endswith(ending):
                plain = sealed.removesuffix(ending) + ".zip"
                return [
                    *("", "開き方 / To open:", f"  {command.format(plain=plain, sealed=sealed)}", f"  unzip {plain}"),
                    "  次に data/はじめにお読みください.html をお読みください / then read this file in data/",
                ]
    return []


def arrived(consignment: Consignment) -> str:
    """How the recipient says that a message arrived: by the link to acknowledge it, or to the contact without one."""
    link, contact = consignment.acknowledge, consignment.operator.get("contact", "")
    return filled("acknowledge", link=link) if link else filled("arrived", contact=contact)


def recall_text(consignment: Consignment, reason: str) -> str:
    """回収のお願い: what the recipient of a recalled delivery is to do (CRLF)."""
    operator = consignment.operator
    lines = [
        *("回収のお願い / Recall of anonymously processed information", ""),
        "下記の提供を回収します。直ちに利用を止め、写しを含めて廃棄し、廃棄したことを窓口にお知らせください。",
        "This delivery is recalled. Stop using it at once, destroy it and all copies, and tell the contact so.",
        *("", f"理由 / Reason: {' '.join(reason.split())}"),
        f"件名 / Title: {words(consignment.title)}",
        f"提供番号 / Order: {consignment.order}",
        f"提供者 / Provider: {operator.get('name_ja', '')} / {operator.get('name_en', '')}",
        f"問合せ先 / Contact: {operator.get('contact', '')}",
    ]
    return "\r\n".join(lines) + "\r\n"


def numbered(index: int, facts: Mapping[str, str | int]) -> dict[str, str | int]:
    """Evidence of one file: plain keys for the first (index 0), ``key_2`` and so on for the others."""
    return {key if index == 0 else f"{key}_{index + 1}": value for key, value in facts.items()}


def receipt(
    consignment: Consignment, channel: str, evidence: Mapping[str, str | int], *, already_there: bool = False
) -> Receipt:
    """A receipt of now, with the number of files among the evidence."""
    facts = {"files": len(consignment.files), **evidence}
    return Receipt(consignment.order, channel, datetime.now(UTC).replace(microsecond=0), already_there, facts)


def _check_file(file: OutboxFile, where: str) -> None:
    name = file.name
    controls = any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") for char in name)
    if not name or name.startswith(".") or controls or set(name) & set('/\\:*?"<>|=;') or name != name.strip():
        raise _refused("the file name has characters that do not travel", "channel.name", where)
    if len(name) > 100 or len(name.encode()) > 200 or unicodedata.normalize("NFC", name) != name:
        raise _refused("the file name is longer than 100 characters or 200 bytes, or not NFC", "channel.name", where)
    if name.casefold() == NOTICE_NAME.casefold():
        raise _refused("the file name is kept for the notice", "channel.name", where)
    if not re.fullmatch(r"[0-9a-f]{64}", file.sha256) or file.size <= 0:
        raise _refused("its recorded digest or size is not one", "channel.digest", where)
    if not file.path.is_file() or file.path.stat().st_size != file.size:
        raise _refused("it is missing or its size is not the recorded one", "channel.digest", where)


def _refused(what: str, rule: str, where: str = "") -> Refused:
    return Refused(what, where=where, rule=rule, remedy="nothing was sent; make a new release or delivery order")
