"""Results of a checkup of the fictitious world: what is measured, seen and asked, by 17-digit item code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from provision.sampledata.illness import Visit

#: 結果コード lists by the end of their object identifier.
YES_NO, FOUND, GRADES, ANSWERS = "2001", "2002", "2102", "2003"


@dataclass(frozen=True)
class Result:
    """One result. `type` is PQ, CD, CO or ST; `unit` as documents write it, `kept_unit` as we keep it; `inside` are
    results written within this one; `absent` is "", not_done or not_measurable."""

    code: str
    type: str
    value: str
    unit: str = ""
    kept_unit: str = ""
    list: str = ""
    flag: str = ""
    low: str = ""
    high: str = ""
    absent: str = ""
    item: str = ""
    author: str = ""
    inside: tuple[Result, ...] = ()

    @property
    def shown(self) -> str:
        """The sender's display name, which names the person where the result is a text of its own."""
        return f"{self.item or self.code[:5]} {self.value}" if self.type == "ST" else self.item or self.code[:5]


def measured(visit: Visit) -> list[Result]:
    """Measurements and blood: one now and then not done, one not measurable."""
    draws, person = visit.draws, visit.person
    height = (160 if person.sex == "1" else 148) + 20 * draws[1]
    weight = height - 112 + 30 * draws[2]
    bmi = weight / (height / 100) ** 2
    glucose, hba1c = 70 + 80 * draws[5], 4.8 + 3 * draws[6] ** 2
    waist = "9N016160200000001" if visit.draws[20] < 0.2 else "9N016160100000001"
    return [
        _number("9N001000000000001", height, "cm", "cm", item="height"),
        _number("9N006000000000001", weight, "kg", "kg", item="weight"),
        _number("9N011000000000001", bmi, "kg/m2", "kg/m2", item="bmi", limits=(18.5, 24.9)),
        _number(waist, weight * 0.9 + 25, "cm", "cm", item="waist"),
        _number("9A751000000000001", 100 + 60 * draws[3], "mm[Hg]", "mmHg", "1", "systolic", (0, 129)),
        _number("9A761000000000001", 60 + 35 * draws[4], "mm[Hg]", "mmHg", "1", "diastolic", (0, 84)),
        _number("9N121000000000001", 55 + 40 * draws[7], "{h`b}/min", "/min", "1", "heart_rate"),
        _number("3F015000002327101", 40 + 200 * draws[8], "mg/dL", "mg/dL", "1", "triglycerides_fasting", (30, 149)),
        _number("3F070000002327101", 35 + 60 * draws[9], "mg/dL", "mg/dL", "1", "hdl", (40, 119)),
        _number("3F077000002327101", 70 + 110 * draws[10], "mg/dL", "mg/dL", "1", "ldl", (60, 119)),
        _number("3B035000002327201", 12 + 60 * draws[11] ** 3, "U/L", "U/L", "1", "ast", (0, 30)),
        _number("3B045000002327201", 10 + 70 * draws[12] ** 3, "U/L", "U/L", "1", "alt", (0, 30)),
        _number("3B090000002327101", 12 + 140 * draws[14] ** 3, "U/L", "U/L", "1", "ggt", (0, 50)),
        _number("3C015000002327101", 0.5 + draws[15], "mg/dL", "mg/dL", "0.01", "creatinine", (0.4, 1.1)),
        _number("8A065000002391901", 40 + 60 * draws[16], "ml/min/1.73m2", "mL/min/{1.73_m2}", "0.1", "egfr"),
        _number("3C020000002327101", 3 + 5 * draws[17], "mg/dL", "mg/dL", "0.1", "uric_acid", (2.1, 7.0)),
        _number("3D010000001926101", glucose, "mg/dL", "mg/dL", "1", "glucose_fasting", (60, 99)),
        _number("3D046000001920402", hba1c, "%", "%", "0.1", "hba1c", (4.6, 5.5)),
        _absent("2A040000001930102", "PQ", "not_measurable", "hematocrit") if draws[21] < 0.05
        else _number("2A040000001930102", 36 + 12 * draws[22], "%", "%", "0.1", "hematocrit"),
        _number("2A030000001930101", 11 + 5 * draws[22], "g/dL", "g/dL", "0.1", "hemoglobin"),
        _number("2A020000001930101", 380 + 140 * draws[22], "10*4/mm3", "10*4/uL", "1", "red_cells"),
        _absent("9E105162100000001", "PQ", "not_done") if draws[23] < 0.3
        else _number("9E105162100000001", 10 + 10 * draws[23], "mm[Hg]", "mmHg", "1"),
    ]  # fmt: skip


def seen(visit: Visit) -> list[Result]:
    """Urine, history, electrocardiogram and the physician's judgement: codes, and texts that name people."""
    draws, person = visit.draws, visit.person
    finding = f"{person.kin_name}様へ説明済 連絡先{person.phone}"
    ill = draws[24] < 0.4
    history = (Result("9N056160400000049", "ST", f"高血圧（{person.name}様 申告）"),) if ill else ()
    heart = (Result("9A110160800000049", "ST", f"ST-T変化 {finding}"),) if draws[25] < 0.3 else ()
    return [
        Result("1A020000000191111", "CO", str(1 + int(draws[26] ** 4 * 5)), list=GRADES, item="urine_sugar"),
        Result("1A010000000191111", "CO", str(1 + int(draws[27] ** 4 * 5)), list=GRADES, item="urine_protein"),
        Result("9N056000000000011", "CD", "1" if ill else "2", list=YES_NO, inside=history),
        Result("9A110160700000011", "CD", "1" if heart else "2", list=FOUND, inside=heart),
        Result("9N501000000000011", "CD", str(1 + int(draws[28] * 3)), list="1008"),
        Result("9N506000000000011", "CD", str(1 + int(draws[29] * 3)), list="3001"),
        Result("9N511000000000049", "ST", f"{person.name}様は要経過観察", author="架空川　医師郎"),
        Result("9N516000000000049", "ST", "架空川　医師郎"),
    ]


_QUESTIONS = ("701", "706", "711", "716", "721", "726", "731", "741", "746", "751", "756", "771", "781", "796", "808")
_OTHERS = (("736", "24060", 3), ("872", "18030", 3), ("766", "2004", 3), ("782", "18040", 3), ("801", "2007", 5))


def asked(visit: Visit) -> list[Result]:
    """標準的な質問票: every question, one of them without an answer now and then."""
    draws = visit.draws
    plain = [
        Result(f"9N{q}000000000011", "CD", str(1 + int(draws[i] * 2)), list=ANSWERS) for i, q in enumerate(_QUESTIONS)
    ]
    if draws[30] < 0.1:
        plain[-1] = _absent(plain[-1].code, "CD", "not_measurable")
    several = [
        Result(f"9N{q}000000000011", "CD", str(1 + int(draws[8 + i] * n)), list=answers)
        for i, (q, answers, n) in enumerate(_OTHERS)
    ]
    return [*plain, *several]


def _number(
    code: str,
    value: float,
    unit: str,
    kept: str,
    step: str = "0.1",
    item: str = "",
    limits: tuple[float, float] | None = None,
) -> Result:
    text = str(Decimal(str(value)).quantize(Decimal(step)))
    if limits is None:
        return Result(code, "PQ", text, unit, kept, item=item)
    low, high = (str(Decimal(str(end)).quantize(Decimal(step))) for end in limits)
    flag = "L" if Decimal(text) < Decimal(low) else "H" if Decimal(text) > Decimal(high) else "N"
    return Result(code, "PQ", text, unit, kept, flag=flag, low=low, high=high, item=item)


def _absent(code: str, kind: str, why: str, item: str = "") -> Result:
    return Result(code, kind, "", absent=why, item=item)
