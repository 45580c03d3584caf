"""HL7 v2.5 segments as a hospital's program writes them, and the ones that tell who somebody is."""

from __future__ import annotations

from collections.abc import Mapping

from provision.sampledata.calendar import compact
from provision.sampledata.facilities import Facility
from provision.sampledata.person import Person

CR = "\r"
#: What ISO-2022-JP cannot write of the characters the world uses: CP932's hyphen, wave and bar.
_JIS = str.maketrans("－～∥￥￠￡￢", "−〜‖¥¢£¬")
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_SEXES = {"1": "M", "2": "F"}
#: Who works there: in XCN wherever a message names staff.
DOCTOR = "110^架空医師^一郎^^^^^^^L^^^^^I"
CLERK = "058^架空入力^花子^^^^^^^L^^^^^I"


def escaped(text: str) -> str:
    """Text of which no character is a delimiter."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of these fields by their HL7 numbers (not MSH)."""
    return "|".join([name, *[fields.get(number, "") for number in range(1, max(fields) + 1)]])


def header(kind: str, facility: Facility, stamp: str, charset: str, control: str, profile: str = "") -> str:
    """MSH of a message of type ``ADT^A08``, written at `stamp`."""
    fields = [f"HIS{facility.code}", facility.number, "GW", "RCV", stamp, "", kind, control, "P", "2.5"]
    return "|".join([r"MSH|^~\&", *fields, *[""] * 5, charset, "", "ISO 2022-1994", profile])


def patient(person: Person, facility: Facility, *, whole: bool) -> str:
    """PID; `whole` with address and telephones."""
    surname, given = person.surname, person.given
    fields = {
        1: "0001",
        3: f"{facility.chart(person)}^^^^PI",
        5: f"{surname.kanji}^{given.kanji}^^^^^L^I~{surname.kana}^{given.kana}^^^^^L^P",
        7: compact(person.birth),
        8: _SEXES[person.sex],
    }
    if whole:
        home = f"^PRN^PH^^^^^^^^^{person.phone}"
        fields |= {
            11: address(person),
            13: f"{home}~^EMR^PH^^^^^^^^^{person.phone}",
            14: f"^WPN^PH^^^^^^^^^{person.phone}",
        }
    return segment("PID", fields)


def address(person: Person) -> str:
    """XAD with postal code and the whole as Japanese messages write it."""
    return f"^^^^{person.address.zip[:3]}-{person.address.zip[3:]}^JPN^H^{escaped(person.address.text)}"


def relative(person: Person) -> str:
    """NK1: somebody of the household."""
    kin = person.kin or person
    name = f"{kin.surname.kanji}^{kin.given.kanji}^^^^^L^I~{kin.surname.kana}^{kin.given.kana}^^^^^L^P"
    fields = {1: "1", 2: name, 3: "EXF^家族^HL70063", 4: address(kin), 5: f"^PRN^PH^^^^^^^^^{kin.phone}"}
    return segment("NK1", {**fields, 13: f"{kin.surname.kanji}商事^D", 16: compact(kin.birth)})


def writable(text: str) -> str:
    """Text that ISO-2022-JP can write."""
    return text.translate(_JIS)
