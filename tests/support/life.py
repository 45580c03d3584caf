"""LIFE files of fictitious service users: records of one form by number, cells as a sender writes them."""

from __future__ import annotations

from collections.abc import Mapping

FACILITY, INSURER = "1370399998", "131032"
USERS, FORMS = "SERVICE_USER_INFO", "FORM_0000_2021"
Record = Mapping[str, str]


def keys(number: str, insured: str = "123") -> dict[str, str]:
    """What identifies a record: facility, service, the facility's own number and the insured person."""
    return {
        "care_facility_id": FACILITY, "service_code": "78", "external_system_management_number": number,
        "insurer_no": INSURER, "insured_no": insured,
    }  # fmt: skip


def user(number: str, insured: str = "123", **cells: str) -> dict[str, str]:
    """A record of 利用者情報, complete as LIFE asks for; `cells` are further ones, or others."""
    who = {"last_name": "架空山", "first_name": f"{insured}子", "gender": "2", "birthday": f"19380{insured}"}
    return keys(number, insured) | who | {"care_level": "22"} | cells


def form(number: str, insured: str = "123", **cells: str) -> dict[str, str]:
    """A record of 科学的介護推進に関する評価 with what LIFE asks for; `cells` are further ones, or others."""
    return keys(number, insured) | {"facility_outpatient_category": "2", "evaluate_date": "20230514"} | cells


def sheet(data_type: str, *records: Record, ends: str = "\r\n", quote: str = "") -> bytes:
    """A file; cells that a record does not have are empty in its line."""
    ids = list(dict.fromkeys(name for record in records for name in record))
    lines = [[data_type], ids, *[[record.get(name, "") for name in ids] for record in records]]
    return "".join(",".join(f"{quote}{cell}{quote}" for cell in line) + ends for line in lines).encode()
