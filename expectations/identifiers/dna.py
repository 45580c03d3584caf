"""塩基配列: sequences, variants of one person, and the files genomes are kept in."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"塩基配列|ゲノム配列|dna_?(?:sequence|profile)|genotype|haplotype|str_?profile",
    sure="genome/",
    forms=r"##fileformat=VCF|@SQ SN:|@HD VN:|[ACGTN]{60}|rs[0-9]{4,9}[:, ]{0,3}[ACGT] ?[/|] ?[ACGT](?![A-Za-z])",
)

KIND = Identifier(
    id="dna",
    ja="DNAの塩基配列",
    en="DNA sequence",
    legal="APPI Enforcement Order art. 1 item 1(a) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="SAM and VCF specifications of GA4GH (headers); rs numbers of dbSNP",
    search=_DATA.search,
    must_match=(
        Example("file kind: genome/bam", strength=Strength.CERTAIN),
        Example("rs1234567 A/G", strength=Strength.CERTAIN),
        Example("ACGT" * 20, strength=Strength.CERTAIN),
        Example("##fileformat=VCFv4.2", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("DNA検査を実施"),
        Example("HBV-DNA 2.1 LogIU/mL"),
        Example("ACGTACGT"),
        Example("遺伝子検査 1回"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
