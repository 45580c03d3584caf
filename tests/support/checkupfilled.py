"""Checkup documents in which every field of the field table is filled, for the coverage report."""

from __future__ import annotations

from collections.abc import Mapping

OID = "1.2.392.200119.6"
PAGE = "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"


def clinical(head: Mapping[str, str], body: Mapping[str, str], *, guidance: bool) -> bytes:
    """A checkup or guidance with what stands in its fields, by column; results of every type."""
    c, b = head, body
    organization = (
        '<representedOrganization><id root="{oid}.102" extension="{number}"/><name>{name}</name>'
        '<telecom value="{phone}"/><addr><postalCode>{zip}</postalCode>{address}</addr></representedOrganization>'
    )
    done_by = organization.format(
        oid=OID,
        number="1312345678",
        name=c["facility_name"],
        phone=c["facility_phone"],
        zip=c["facility_zip"],
        address=c["facility_address"],
    )
    written_by = organization.format(
        oid=OID,
        number="1312345678",
        name=c["author_name"],
        phone=c["author_phone"],
        zip=c["author_zip"],
        address=c["author_address"],
    )
    person = "<assignedPerson><name>{}</name></assignedPerson>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id extension="{c["document_id"]}"/>
<code code="{"21" if guidance else "10"}" codeSystem="{OID}.1001"/><title>{c["title"]}</title>
<effectiveTime value="{c["document_date"]}"/><confidentialityCode code="N"/>
<recordTarget><patientRole><id root="{OID}.101" extension="{c["insurer"]}"/>
<id root="{OID}.204" extension="{c["symbol"]}"/><id root="{OID}.205" extension="{c["number"]}"/>
<id root="{OID}.211" extension="{c["branch"]}"/><addr><postalCode>{c["zip"]}</postalCode>{c["address"]}</addr>
<telecom value="{c["phone"]}"/><patient><name>{c["patient_name"]}</name>
<administrativeGenderCode code="{c["sex"]}"/><birthTime value="{c["birth_month"]}"/></patient></patientRole>
</recordTarget><author><time value="{c["author_date"]}"/><assignedAuthor><id nullFlavor="NI"/>
{person.format(c["author_person"])}{written_by}</assignedAuthor></author>
<dataEnterer><assignedEntity><id nullFlavor="NI"/>{person.format(c["data_enterer"])}</assignedEntity></dataEnterer>
<custodian><assignedCustodian><representedCustodianOrganization><id extension="{c["custodian"]}"/>
</representedCustodianOrganization></assignedCustodian></custodian>
<informationRecipient><intendedRecipient><informationRecipient><name>{c["recipient"]}</name></informationRecipient>
</intendedRecipient></informationRecipient>
<participant typeCode="HLD"><functionCode code="{c["coupon_kind"]}"/><time><high value="{c["coupon_until"]}"/></time>
<associatedEntity classCode="IDENT"><id root="{c["coupon_root"]}" extension="{c["coupon"]}"/><scopingOrganization>
<id root="{OID}.101" extension="{c["coupon_insurer"]}"/></scopingOrganization></associatedEntity></participant>
<documentationOf><serviceEvent><code code="010"/><effectiveTime value="{c["checkup_date"]}"/>
<performer typeCode="PRF"><assignedEntity><id nullFlavor="NI"/>{person.format(c["performer_name"])}{done_by}
</assignedEntity></performer></serviceEvent></documentationOf>
<component><structuredBody><component><section><code code="90010"/><title>{b["section_title"]}</title>
<text><list><item>{b["narrative"]}</item></list></text><author><time/><assignedAuthor>
{person.format(b["section_author"])}</assignedAuthor></author>{_results(b, guidance)}
</section></component></structuredBody></component></ClinicalDocument>""".encode()


def _results(b: Mapping[str, str], guidance: bool) -> str:
    """A text with all that stands around it, then results of every type, and answers of every type."""
    text = f"""<entry><observation classCode="OBS" moodCode="EVN"><id extension="{b["observation_id"]}"/>
<code code="9N511000000000049" displayName="{b["display_name"]}">
<originalText>{b["original_text"]}</originalText></code>
<text>{b["observation_text"]}</text><value xsi:type="ST">{b["free_value"]}</value><methodCode code="{b["method"]}"/>
<specimen><specimenRole><id extension="{b["specimen"]}"/></specimenRole></specimen>
<performer><assignedEntity><assignedPerson><name>{b["observation_performer"]}</name></assignedPerson></assignedEntity>
</performer><author><assignedAuthor><assignedPerson><name>{b["observation_author"]}</name></assignedPerson>
</assignedAuthor></author><participant><participantRole><id extension="{b["observation_participant"]}"/>
</participantRole></participant></observation></entry>"""
    codes = ["9N001000000000001", "1A020000000191111"]
    codes += ["1020000001", "1020000002"] if guidance else ["9N866000000000001", "9N736000000000011"]
    return text + "".join(_number(code) if place % 2 == 0 else _coded(code) for place, code in enumerate(codes))


def _number(code: str) -> str:
    return f"""<entry><observation classCode="OBS" moodCode="EVN"><code code="{code}"/>
<value xsi:type="IVL_PQ"><high value="160.5" unit="cm"/></value><interpretationCode code="N"/><referenceRange>
<observationRange><value xsi:type="IVL_PQ"><low value="1"/><high value="2"/></value></observationRange></referenceRange>
</observation></entry><entry><observation classCode="OBS" moodCode="EVN"><code code="{code}"/>
<value xsi:type="PQ" nullFlavor="NI"/></observation></entry>"""


def _coded(code: str) -> str:
    return f"""<entry><observation classCode="OBS" moodCode="EVN"><code code="{code}"/>
<value xsi:type="CD" code="1" codeSystem="{OID}.2102"/></observation></entry>"""


def payment(root: str, paths: Mapping[str, str], cells: Mapping[str, str], free: Mapping[str, str]) -> bytes:
    """A payment with every column of `cells` at its path, and the texts of returns."""
    tree: dict[str, object] = {}
    for name, path in {**paths, **free}.items():
        steps = path.replace("m:", "").split("/")
        place = tree
        for step in steps[:-1] if steps[-1].startswith("@") else steps:
            place = place.setdefault(step, {})  # type: ignore[assignment]
        place[steps[-1] if steps[-1].startswith("@") else "#"] = cells[name]
    return f'<{root} xmlns="{PAGE}">{_written(tree)}</{root}>'.encode()


def _written(tree: Mapping[str, object]) -> str:
    out = str(tree.get("#", ""))
    for name, inner in tree.items():
        if isinstance(inner, dict):
            attributes = "".join(f' {key[1:]}="{text}"' for key, text in inner.items() if key.startswith("@"))
            out += f"<{name}{attributes}>{_written(inner)}</{name}>"
    return out


def orca(cells: Mapping[str, str], name: str) -> bytes:
    """A line of every kind of result, with the names of items and a text."""
    person = list(cells.values())
    person[1] = "1312345678"
    groups = []
    for code in ("9N001000000000001", "9N866000000000001"):
        groups += [[code, name, "1", "H", "L", "160.5", "cm", "1-2"], [code, name, "2", "", "", "", "", ""]]
    for code in ("1A020000000191111", "9N736000000000011"):
        groups.append([code, name, "1", "", "E", "1", "", ""])
    groups.append(["9N511000000000049", name, "1", "", "E", name, "", ""])
    line = [*person, *(cell for group in groups for cell in group)]
    return (",".join(f'"{cell}"' for cell in line) + "\r\n").encode("cp932")


def c2xd(cells: Mapping[int, str]) -> bytes:
    """A row with a height, a urine test, questions with a number and a code, one test not done, and every text."""
    row = [cells.get(place, "") for place in range(118)]
    for place, text in ((13, "160.5"), (63, "1"), (103, "1"), (14, "測定不能"), (15, "20.5以上"), (104, "未実施")):
        row[place] = text
    return (",".join(row) + "\r\n").encode("cp932")
