"""Every format as files of the fictitious world: `SENDERS` says by format id who sends it and how it is written."""

from __future__ import annotations

from collections.abc import Callable

from provision.sampledata import occasions
from provision.sampledata.calendar import Month
from provision.sampledata.facilities import MINAMI
from provision.sampledata.occasions import Occasion
from provision.sampledata.sheets import insurer, kokuhoren, life, returns, survey
from provision.sampledata.sheets.base import Kind, Sender, Sheet
from provision.sampledata.sheets.checkup import C2xdSheet, OrcaSheet
from provision.sampledata.sheets.dental import DentalSheet
from provision.sampledata.sheets.dispensing import DispensingSheet
from provision.sampledata.sheets.dpc_claim import DpcClaimSheet
from provision.sampledata.sheets.hl7 import Hl7Sheet
from provision.sampledata.sheets.ledger import LedgerSheet
from provision.sampledata.sheets.medical import MedicalSheet

__all__ = ["SENDERS", "Kind", "Sender", "Sheet"]


def _claims(source: str, name: str, occasion: Occasion, sheet: type[Sheet], billed: str = "claims") -> Sender:
    return Sender(source, (Kind(lambda month: name, occasion, sheet),), billed)


def _insurer(short: str, occasion: Occasion, sheet: type[Sheet]) -> Sender:
    def name(month: Month) -> str:
        return f"13_{month.next().compact}_RECODEINFO_{short}.CSV"

    source = f"minato-kokuho-{short.lower()}"
    return Sender(source, (Kind(name, insurer.members(occasion), sheet),), "accepted")


def _kokuhoren(source: str, letter: str, occasion: Occasion, sheet: type[Sheet]) -> Sender:
    return Sender(
        source, (Kind(lambda month: f"d{month.year - 2018:02d}{month.month:02d}{letter}.csv", occasion, sheet),)
    )


def _survey(letters: str, *kinds: tuple[str, Occasion, type[Sheet]]) -> Sender:
    def named(prefix: str) -> Callable[[Month], str]:
        return lambda month: f"{prefix}_{MINAMI.survey_number}_{month.compact[2:]}.txt"

    return Sender(f"minami-dpc-{letters}", tuple(Kind(named(prefix), who, sheet) for prefix, who, sheet in kinds))


def _life(*kinds: type[life.LifeSheet]) -> Sender:
    def named(data_type: str) -> Callable[[Month], str]:
        return lambda month: f"LIFE_{data_type}_{month.compact}.csv"

    evaluated = occasions.evaluated
    return Sender("sakura-life", tuple(Kind(named(sheet.data_type), evaluated, sheet) for sheet in kinds))


#: By format id. The first claims, care claims and ledgers of the world are written by their own rooms; their sheets are
#: here for streams.
SENDERS: dict[str, Sender] = {
    "uke-medical": _claims("kita-hospital", "RECEIPTC.UKE", occasions.medical, MedicalSheet),
    "kaigo-claims": _kokuhoren("sakura-care", "a", occasions.cared, kokuhoren.CareSheet),
    "member-ledger": Sender("minato-city", (Kind(lambda month: "ledger.csv", occasions.everybody, LedgerSheet),)),
    "uke-dpc": _claims("minami-hospital", "RECEIPTD.UKE", occasions.stays, DpcClaimSheet),
    "uke-dental": _claims("aoba-dental", "RECEIPTS.UKE", occasions.dental, DentalSheet),
    "uke-dispensing": _claims("hinode-pharmacy", "RECEIPTY.CYO", occasions.dispensing, DispensingSheet),
    "uke-medical-returns": _claims(
        "kita-returns", "RECEIPTC.HEN", occasions.medical, returns.MedicalReturns, "returned"
    ),
    "uke-dpc-returns": _claims("minami-returns", "RECEIPTD.HEN", occasions.stays, returns.DpcReturns, "returned"),
    "uke-dental-returns": _claims("aoba-returns", "RECEIPTS.HEN", occasions.dental, returns.DentalReturns, "returned"),
    "uke-dispensing-returns": _claims(
        "hinode-returns", "RECEIPTY.HEN", occasions.dispensing, returns.DispensingReturns, "returned"
    ),
    "recodeinfo-medical": _insurer("MED", occasions.medical, insurer.InsurerMedical),
    "recodeinfo-dental": _insurer("DEN", occasions.dental, insurer.InsurerDental),
    "recodeinfo-dpc": _insurer("DPC", occasions.stays, insurer.InsurerDpc),
    "recodeinfo-dispensing": _insurer("PHA", occasions.dispensing, insurer.InsurerDispensing),
    "kaigo-support": _kokuhoren("fuji-planning", "b", occasions.managed, kokuhoren.SupportSheet),
    "kaigo-plan": _kokuhoren("fuji-slips", "c", occasions.managed, kokuhoren.PlanSheet),
    "dpc-form1": _survey("form1", ("FF1", occasions.stays, survey.Form1Sheet)),
    "dpc-form3": _survey("form3", ("FF3", occasions.outpatients, survey.Form3Sheet)),
    "dpc-form4": _survey("form4", ("FF4", occasions.stays, survey.Form4Sheet)),
    "dpc-ef": _survey(
        "ef", ("EFn", occasions.stays, survey.EfSheet), ("EFg", occasions.outpatients, survey.OutpatientEfSheet)
    ),
    "dpc-e": _survey("e", ("En", occasions.stays, survey.ESheet)),
    "dpc-f": _survey("f", ("Fn", occasions.stays, survey.FSheet)),
    "dpc-d": _survey("d", ("Dn", occasions.stays, survey.DSheet)),
    "dpc-h": _survey("h", ("Hn", occasions.stays, survey.HSheet)),
    "checkup-orca-csv": Sender(
        "minami-checkup-lab", (Kind(lambda month: "TOKUTEI.CSV", occasions.checkups, OrcaSheet),)
    ),
    "checkup-c2xd-csv": Sender(
        "minato-checkups", (Kind(lambda month: f"C2XD_{month.compact}.csv", occasions.checkups, C2xdSheet),)
    ),
    "dpc-k": _survey("k", ("Kn", occasions.stays, survey.KSheet)),
    "life": _life(life.ServiceUsers, life.Evaluations, life.Drugs),
    "hl7v2": Sender("kita-messages", (Kind(lambda month: f"{month.compact}.hl7", occasions.medical, Hl7Sheet),)),
}
