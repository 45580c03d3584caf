"""事例02 (ID-POS): the recipe of the PPC secretariat's report by our rules, the strict way, and customers of our own.

The recipe is that of the worked re-creation of use case 2.1.1 (gghatano/pets-seminar-01, CC BY 4.0): pseudonymous
number, seven age classes, municipality, minutes, category, quantity of at most five, classes of amount; names and
numbers deleted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from anonymization.hierarchies import system
from anonymization.hierarchies.building import hierarchy
from anonymization.risk.requirements import KAnonymity
from anonymization.risk.search.coding import problem
from anonymization.risk.search.generalising import Generalised, generalise
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.search.metrics import metric
from anonymization.risk.search.rollup import RollUp
from anonymization.rules import rule
from anonymization.rules.applying import together, treated

MEMBER, BIRTH, SEX, HOME = "会員ID", "生年月日", "性別", "住所"
QUASI = (BIRTH, SEX, HOME)
#: Ages of the report: the year less the birth year.
AT = "2026-12"
SEVEN = ["00-09=20歳未満", "10-19=20歳未満", *(f"{n}0-{n}9={n}0代" for n in range(2, 7)), "70+=70歳以上"]
CATEGORIES = {
    "野菜": ["トマト", "レタス"], "果物": ["りんご", "バナナ", "超高級メロン（桐箱入）"],
    "精肉": ["鶏むね肉", "牛肉（国産）"],
    "鮮魚": ["さば", "まぐろ刺身", "本まぐろ大トロ（一本釣り）"], "米・穀物": ["こしひかり5kg"], "調味料": ["しょうゆ"],
    "惣菜・パン": ["からあげ弁当", "食パン"], "飲料": ["緑茶ペットボトル", "コーヒー豆"],
    "菓子": ["チョコレート", "ポテトチップス", "限定コラボ雑貨セット"],
}  # fmt: skip
AMOUNTS = ["〜499", "500〜999", "1,000〜1,999", "2,000〜4,999", "5,000円以上"]


def ruled(frame: pl.LazyFrame, name: str, column: str, person: str | None = None, **options: object) -> pl.LazyFrame:
    """One rule on one column."""
    return treated(frame, rule(name).learn(frame, column, options, person=person))


@dataclass(frozen=True)
class Report:
    """The three tables after the report's recipe, joined by the pseudonymous number."""

    customers: pl.DataFrame
    purchases: pl.DataFrame

    def groups(self) -> pl.DataFrame:
        """People by age class, sex and municipality."""
        return self.customers.group_by(QUASI).len("people")


def by_the_report(customers: pl.DataFrame, transactions: pl.DataFrame, purchases: pl.DataFrame) -> Report:
    """The recipe, rule by rule. Its quantity of five is reached by two people only: our default would refuse it."""
    people = ruled(customers.lazy(), "age-band", BIRTH, month=AT, width=10, top=70)
    people = ruled(people, "relabel", BIRTH, pairs=SEVEN)
    people = ruled(people, "address-area", HOME, MEMBER, least=1)
    people = ruled(ruled(people, "drop-column", "氏名"), "drop-column", "電話番号")
    bought = purchases.join(transactions, on="取引ID").lazy()
    for name in ("店舗ID", "取引ID", "担当者ID", "商品ID", "明細ID"):
        bought = ruled(bought, "drop-column", name)
    bought = ruled(bought, "time-bins", "利用日時", minutes=1)
    pairs = [f"{good}={category}" for category, goods in CATEGORIES.items() for good in goods]
    bought = ruled(bought, "relabel", "商品名", pairs=pairs)
    bought = ruled(bought, "top-bottom", "数量", MEMBER, high=5, least=2)
    bought = ruled(bought, "number-bands", "金額", edges=[500, 1000, 2000, 5000], labels=AMOUNTS)
    numbers = together("renumber", [(people, MEMBER), (bought, MEMBER)], {"prefix": "A"})
    made = [treated(frame, one) for frame, one in zip((people, bought), numbers, strict=True)]
    shuffled = [treated(frame, rule("shuffle").learn(frame, {}, {})).collect() for frame in made]
    return Report(*shuffled)


@dataclass(frozen=True)
class Compared:
    """The report's recipe with its small groups deleted, and the strict way with no more people left out."""

    report_loss: float
    report_left_out: int
    strict: Generalised
    released: pl.DataFrame


def compared(customers: pl.DataFrame, k: int = 5) -> Compared:
    """Both over the same values: ages in years up to 90+, sex, municipality; people left out at full cost."""
    frame = ruled(customers.lazy(), "age-band", BIRTH, month=AT, width=1, top=90)
    people = ruled(frame, "address-area", HOME, MEMBER, least=1).collect()
    seven = Hierarchy(BIRTH, tuple((age, _seven(age), "*") for age in people[BIRTH].unique().sort()))
    others = [hierarchy(SEX, people[SEX], "plain"), hierarchy(HOME, people[HOME], "area")]
    report = RollUp(problem(people, [seven, *others], [KAnonymity(k)])).classes((1, 0, 0))
    limit = f"{report.suppressed}/{people.height}"
    tried = []
    for ages in ("age", "age-class"):
        columns = [hierarchy(BIRTH, people[BIRTH], ages), *others]
        found = generalise(problem(people, columns, [KAnonymity(k)], limit=limit), metric("loss"))
        assert found is not None
        tried.append((found.best.loss, ages, found))
    _, ages, best = min(tried, key=lambda one: one[:2])
    released = _released(people, (ages, "plain", "area"), best, k)
    return Compared(metric("loss").loss(report), report.suppressed, best, released)


def _released(people: pl.DataFrame, systems: Sequence[str], found: Generalised, k: int) -> pl.DataFrame:
    """The people as they go out: each column at its level by the rule, small groups left out."""
    made = people.lazy()
    for name, codes, level in zip(QUASI, systems, found.best.node, strict=True):
        made = ruled(made, "generalise", name, system=codes, level=system(codes).names[level])
    return made.filter(pl.len().over(QUASI) >= k).select(QUASI).collect()


def _seven(age: str) -> str:
    years = int(age.rstrip("+"))
    return "20歳未満" if years < 20 else "70歳以上" if years >= 70 else f"{years // 10}0代"


def fictitious(people: int = 700, seed: int = 2) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """架空の顧客: customers, transactions and purchases of nobody, a few of them very old or buying very much."""
    draw = random.Random(seed)
    homes = ["東京都架空区", "東京都夢見区", "神奈川県幻市空想区", "神奈川県幻市絵本区", "千葉県作話市", "埼玉県夢想郡"]
    customers, transactions, purchases = [], [], []
    for number in range(people):
        born = draw.choice([1922, 1931]) if number % 150 == 0 else draw.randint(1945, 2004)
        home = draw.choices(homes, [30, 20, 20, 10, 15, 5])[0]
        customers.append({
            MEMBER: f"K{number:05d}", "氏名": f"架空 {number}", BIRTH: f"{born}-{draw.randint(1, 12):02d}-15",
            SEX: draw.choice(["男性", "女性"]), "電話番号": "000-0000-0000",
            HOME: f"{home}{draw.randint(1, 9)}丁目{number}",
        })  # fmt: skip
        visit = f"V{number:06d}"
        time = f"2026-03-{draw.randint(1, 28):02d} {draw.randint(9, 20):02d}:{draw.randint(0, 59):02d}:07"
        transactions.append({"取引ID": visit, MEMBER: f"K{number:05d}", "利用日時": time, "店舗ID": "S1",
                             "店舗名": "架空マート", "担当者ID": "E1"})  # fmt: skip
        goods = [good for every in CATEGORIES.values() for good in every]
        purchases.append({"明細ID": f"L{number}", "取引ID": visit, "商品ID": "G1", "商品名": draw.choice(goods),
                          "数量": 60 if number % 40 == 0 else draw.randint(1, 4),
                          "金額": 30_000 if number % 40 == 0 else draw.randint(100, 4999)})  # fmt: skip
    return pl.DataFrame(customers), pl.DataFrame(transactions), pl.DataFrame(purchases)
