"""端末・通信・画像: numbers machines are known by, and records' ids that lead back into a system (規則34条1号・3号)."""

from __future__ import annotations

import uuid
from random import Random

from benchmarks.leak_matrix.makers._check_digits import modulus_10
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled


def _ip(draw: Random) -> Value:
    # Networks kept for documentation (RFC 5737, RFC 3849).
    four = f"{draw.choice(('192.0.2', '198.51.100', '203.0.113'))}.{draw.randint(1, 254)}"
    six = f"2001:db8:{draw.randrange(65536):x}::{draw.randrange(1, 65536):x}"
    return Value(
        draw.choice((four, four, six)), draw.choice(("{}", "IP {}", "接続元 {} より", "IPアドレス：{}")), "ip_address"
    )


def _mac(draw: Random) -> Value:
    pairs = [f"{draw.randrange(256):02X}" for _ in range(6)]
    return Value(draw.choice(":-").join(pairs), draw.choice(("{}", "MAC {}", "端末 {}")), "mac_address", machine=True)


def _device(draw: Random) -> Value:
    imei = modulus_10("35" + digits(draw, 12))
    advertising = str(uuid.UUID(int=draw.getrandbits(128), version=4)).upper()
    choices = ((imei, "IMEI"), (imei, "端末識別番号"), (advertising, "IDFA"), (advertising, "広告ID"))
    serial = ("PJN" + digits(draw, 6), draw.choice(("シリアル番号", "製造番号")))
    text, label = draw.choice((*choices, serial))
    return Value(text, labelled(draw, label), "device_id", machine=True)


def _dicom(draw: Random) -> Value:
    named = f"1.2.392.{draw.randint(200036, 200059)}.{draw.randint(1000, 9999)}.2.6.1.{draw.getrandbits(33)}"
    numbered = f"1.3.12.2.1107.5.2.{draw.randint(10, 99)}.{draw.getrandbits(66)}"
    text = draw.choice((named, numbered, f"2.25.{draw.getrandbits(126)}"))
    return Value(text, draw.choice(("{}", "Study UID {}")), "StudyInstanceUID", machine=True)


def _fhir(draw: Random) -> Value:
    text = draw.choice((f"Patient/{digits(draw, 7)}", f"urn:uuid:{uuid.UUID(int=draw.getrandbits(128), version=4)}"))
    return Value(draw.choice((text, f"{digits(draw, 7)}^^^HOSP^MR", f"Encounter/enc-{digits(draw, 6)}")), machine=True)


MAKERS = (
    Maker("ip_address", "alone", _ip, cell=True),
    Maker("mac_address", "alone", _mac, cell=True),
    Maker("device_id", "labelled", _device),
    Maker("dicom_uid", "alone", _dicom, cell=True),
    Maker("fhir_record_id", "alone", _fhir, cell=True),
)
