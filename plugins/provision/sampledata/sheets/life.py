"""LIFE files of a care facility: service users, evaluations (FORM_0000) and drugs (FORM_0002).

By `style`: UTF-8 with a byte order mark, every cell quoted; CP932 with the columns in another order; UTF-8 with CR as
line end and a column of the program's own. A single space stands where a value was taken back ("no value").
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping

from provision.sampledata.calendar import Month, birthday, compact
from provision.sampledata.care_claim import OFFICE, care_evidence
from provision.sampledata.illness import Visit
from provision.sampledata.names import half_kana
from provision.sampledata.numbering import scattered
from provision.sampledata.person import Person
from provision.sampledata.sheets.base import Sheet
from provision.sampledata.tables import phrases

STAFF = "架空介　かおる"
_KEYS = ("care_facility_id", "service_code", "insurer_no", "insured_no", "external_system_management_number")
_BARTHEL = {
    "barthel_index_meal": 3, "barthel_transfer": 4, "barthel_index_personal_hygiene_and_adjustment": 3,
    "barthel_index_toilet_activity": 3, "barthel_index_bathing": 3, "barthel_index_flat_ground_walking": 4,
    "barthel_index_stair_movement": 3, "barthel_index_changing_clothes": 3, "barthel_index_defecation_manage": 3,
    "barthel_index_urination_manage": 3,
}  # fmt: skip
_DRUGS = ("620007819", "622081101", "610432008", "610443074")
#: A column that one program adds for itself: no id of the interface.
_OF_THE_PROGRAM = "vendor_memo"


class LifeSheet(Sheet):
    """A file of one data type. Sub-classes say which ids it has and what stands in them."""

    data_type = ""
    ids: tuple[str, ...] = ()

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._program = style % 3
        self.encoding = "cp932" if self._program == 1 else "utf-8"
        self._ends = "\r" if self._program == 2 else "\r\n"
        self._order = {0: self.ids, 1: self.ids[::-1], 2: (*self.ids, _OF_THE_PROGRAM)}[self._program]

    @abstractmethod
    def records(self, visit: Visit) -> list[Mapping[str, str]]:
        """The cells of the visit's records by id; ids without any are left empty."""

    def head(self) -> str:
        """Data type and ids."""
        return ("\ufeff" if self._program == 0 else "") + self._line([self.data_type]) + self._line(list(self._order))

    def entry(self, visit: Visit, kind: str) -> str:
        """The records of one service user."""
        found = self.records(visit)
        self.totals["records"] += len(found)
        memo = {_OF_THE_PROGRAM: visit.person.name}
        return "".join(self._line([{**memo, **cells}.get(name, "") for name in self._order]) for cells in found)

    def _line(self, cells: list[str]) -> str:
        quoted = (f'"{cell}"' for cell in cells) if self._program == 0 else iter(cells)
        return ",".join(quoted) + self._ends

    def rows(self, text: str) -> Counter[str]:
        """All records are of one kind."""
        return Counter({self.data_type: text.count(self._ends)})

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Nothing but the insured number."""
        numbers = {name: told for name, told in care_evidence(visit.person).items() if name.startswith("care_")}
        return [numbers] * len(self.records(visit))

    def keys(self, person: Person, number: str) -> dict[str, str]:
        """What every record begins with."""
        service = "51" if person.serial % 2 else "78"
        return dict(zip(_KEYS, (OFFICE, service, person.care_insurer, person.care_number, number), strict=True))


def _number(person: Person) -> str:
    """The facility's own number of the user, a name of an old program in front of it."""
    return f"{person.surname.kana}{scattered(person.serial, 8, 41)}"


class ServiceUsers(LifeSheet):
    """``SERVICE_USER_INFO``."""

    data_type = "SERVICE_USER_INFO"
    ids = (
        *_KEYS, "last_name", "first_name", "last_name_kana", "first_name_kana", "gender", "birthday", "certified_date",
        "care_period_start", "care_period_end", "care_level", "impaired_elderly_independence_degree",
        "dementia_elderly_independence_degree", "start_date", "end_date", "death_date", "remarks",
    )  # fmt: skip

    def records(self, visit: Visit) -> list[Mapping[str, str]]:
        """One record per user."""
        person, draws = visit.person, visit.draws
        since = max(birthday(person.birth, 40), visit.month.first - 400 + int(300 * draws[1]))
        note = phrases("note")[int(draws[2] * len(phrases("note")))] if draws[3] < 0.3 else ""
        return [
            self.keys(person, _number(person))
            | self._names(person)
            | {"gender": person.sex, "birthday": compact(person.birth), "care_level": person.care_level}
            | dict.fromkeys(("certified_date", "care_period_start", "start_date"), compact(since))
            | {"care_period_end": compact(since + 730), "end_date": " " if draws[4] < 0.5 else ""}
            | {
                "impaired_elderly_independence_degree": str(1 + int(draws[5] * 9)),
                "dementia_elderly_independence_degree": str(1 + int(draws[6] * 8)),
                "remarks": note.format(name=person.name, family=person.kin_name, phone=person.phone),
            }
        ]

    def _names(self, person: Person) -> dict[str, str]:
        """Names in two pieces; one program keeps them in one and writes 00 for the given name."""
        kana = {"last_name_kana": half_kana(person.surname.kana), "first_name_kana": half_kana(person.given.kana)}
        if self._program == 2:
            return {"last_name": person.name, "first_name": "００", **kana}
        return {"last_name": person.surname.kanji, "first_name": person.given.kanji, **kana}

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Everything: it is about who they are."""
        person = visit.person
        kana = f"{person.surname.kana}{person.given.kana}"
        return [{"name": person.name, "kana": kana, **care_evidence(person)}]


class Evaluations(LifeSheet):
    """``FORM_0000_2021``."""

    data_type = "FORM_0000_2021"
    ids = (
        *_KEYS, "facility_outpatient_category", "evaluate_date", "record_staff_job_category", "filing_staff",
        "family_01", "adl_evaluate", *_BARTHEL, "height", "weight", "dietary_intake", "serum_albumin_value",
        "diagnosis_of_dementia_other_name",
    )  # fmt: skip

    def records(self, visit: Visit) -> list[Mapping[str, str]]:
        """One record per user and month."""
        person, draws = visit.person, visit.draws
        day = compact(visit.month.first + int(draws[7] * visit.month.days))
        grades = {
            name: str(int(draws[8 + place] * count)) for place, (name, count) in enumerate(sorted(_BARTHEL.items()))
        }
        return [
            self.keys(person, f"{_number(person)}-{visit.month.compact}")
            | grades
            | {"facility_outpatient_category": "2", "evaluate_date": day, "adl_evaluate": day}
            | {"record_staff_job_category": "040", "filing_staff": STAFF, "family_01": str(int(draws[19] * 2))}
            | {"height": f"{140 + 40 * draws[20]:.1f}", "weight": f"{35 + 40 * draws[21]:.1f}"}
            | {"dietary_intake": str(50 + int(50 * draws[22])), "serum_albumin_value": f"{2.5 + 2 * draws[23]:.1f}"}
            | {"diagnosis_of_dementia_other_name": f"{person.name}様より聴取" if draws[24] < 0.3 else ""}
        ]


class Drugs(LifeSheet):
    """``FORM_0002_2021``: a record per drug, told apart by the detail number."""

    data_type = "FORM_0002_2021"
    ids = (
        *_KEYS, "external_system_management_detail_number", "dispensing_date", "prescription_number",
        "chemical_code_type", "chemical_code", "drug_name", "dose", "unit_name", "dosage_form_code",
        "dispensing_quantity", "method_name",
    )  # fmt: skip

    def records(self, visit: Visit) -> list[Mapping[str, str]]:
        """One to three drugs."""
        person, draws = visit.person, visit.draws
        keys = self.keys(person, f"{_number(person)}-{visit.month.compact}")
        day = compact(visit.month.first + int(draws[25] * visit.month.days))
        return [
            keys
            | {"external_system_management_detail_number": f"{_number(person)}#{place}", "dispensing_date": day}
            | {"prescription_number": str(place), "chemical_code_type": "2", "chemical_code": drug}
            | {"drug_name": "架空錠", "dose": f"{1 + int(draws[26] * 4) / 2:g}", "unit_name": "錠"}
            | {"dosage_form_code": "1", "dispensing_quantity": "28", "method_name": f"{person.kin_name}が管理"}
            for place, drug in enumerate(_DRUGS[: 1 + int(draws[27] * 3)], 1)
        ]
