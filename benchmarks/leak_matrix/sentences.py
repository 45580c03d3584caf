"""Clinical sentences in which nobody is named: they stand around planted values, and must never stop a release.

Names of diseases, tests and drugs are full of surnames (橋本病, 長谷川式) and of words that look like them; numbers
with hyphens, slashes and colons are values. The terms are common medical vocabulary, the sentences are made here.
"""

from __future__ import annotations

from random import Random

from benchmarks.leak_matrix.values import words

#: Terms with a Japanese surname inside.
EPONYMS = words(
    "橋本病 川崎病 高安動脈炎 原田病 菊池病 木村病 平山病 瀬川病 福山型筋ジストロフィー 三好型ミオパチー 太田母斑 "
    "伊藤母斑 長島型掌蹠角化症 長谷川式簡易知能評価スケール 田中ビネー知能検査 内田クレペリン検査 石原式色覚検査 "
    "田原結節 宮崎肺吸虫 横川吸虫 木村氏病 橋本脳症 山田分類 坂口反応 吉田肉腫 川崎病後冠動脈瘤 高安病 "
    "遠城寺式発達検査 津守式発達検査 三宅式記銘力検査 大田原症候群 小口病 中條西村症候群 土肥鱗状毛包性角化症"
)
#: Foreign names and kampo, which look like kana and kanji names.
OTHERS = words(
    "パーキンソン病 バセドウ病 ベーチェット病 クローン病 メニエール病 レイノー現象 アジソン病 ウィルソン病 "
    "ホジキンリンパ腫 ベル麻痺 レビー小体型認知症 シェーグレン症候群 ギラン・バレー症候群 ファロー四徴症 "
    "マロリー・ワイス症候群 カポジ肉腫 ピック病 葛根湯 大建中湯 小青竜湯 芍薬甘草湯 補中益気湯 六君子湯 "
    "八味地黄丸 五苓散 抑肝散 麻黄湯 防風通聖散 加味逍遙散 真武湯 麦門冬湯"
)
DISEASES = words(
    "高血圧症 2型糖尿病 脂質異常症 気管支喘息 急性上気道炎 変形性膝関節症 腰部脊柱管狭窄症 骨粗鬆症 慢性腎臓病 "
    "心房細動 逆流性食道炎 不眠症 鉄欠乏性貧血 白内障 緑内障 帯状疱疹 胆石症 大腸ポリープ 誤嚥性肺炎 脳梗塞後遺症 "
    "認知症 うつ病 統合失調症 痛風"
)
DRUGS = words(
    "アムロジピン ロスバスタチン メトホルミン ロキソプロフェン カロナール ワーファリン ニボルマブ プレガバリン "
    "ファモチジン マイスリー デパス ラシックス リンデロン タケキャブ フロセミド ビソプロロール エソメプラゾール "
    "レバミピド モンテルカスト ヒューマリンR"
)
_SENTENCES = (
    "{disease}にて通院中。",
    "既往に{eponym}あり。",
    "{eponym}の疑いで精査、{disease}と診断。",
    "{other}を指摘され当科紹介。",
    "{drug}{dose}mg 1日{times}回 {days}日分処方。",
    "{other}エキス顆粒7.5g分3毎食前。",
    "BP {sys}/{dia}、PR {pulse}、SpO2 {spo}%、BT {temp}℃。",
    "HbA1c {hba}%、LDL {ldl}mg/dL、eGFR {pulse}.{times}。",
    "{drug}内服後も改善乏しく、{drug}へ変更。",
    "食事は{times}割程度摂取、水分{ldl}0ml。",
    "夜間不眠の訴えあり、{drug}頓用。",
    "体重{weight}kg、前回より{times}kg減。",
    "L{times}-{next}椎間板ヘルニア、SLR陰性。",
    "次回{days}日後、採血予定。",
    "家族の希望により訪問看護を週{times}回導入。",
    "服薬は奥様が管理、本人の理解は良好。",
    "患者様の同意を得て{eponym}について説明。",
    "CTにて右肺S{times}に{days}mm大の結節、{other}は否定的。",
    "{eponym}、{other}の家族歴なし。",
    "転倒歴あり、歩行器で病棟内{times}周可。",
    "心電図は洞調律、{disease}に矛盾せず。",
    "検尿 蛋白(-) 糖({times}+) 潜血(-)。",
    "リハビリ {days}分×{times}単位実施、疲労感なし。",
    "同様の症状で他院受診歴あり。",
    "本日は{hour}:{minute}に入室、{hour}:45退室。",
    "{eponym}に準じて経過観察、{drug}は継続。",
)


def sentence(draw: Random) -> str:
    """One sentence with terms and values drawn into it."""
    times = draw.randint(1, 5)
    return draw.choice(_SENTENCES).format(
        disease=draw.choice(DISEASES), eponym=draw.choice(EPONYMS), other=draw.choice(OTHERS), drug=draw.choice(DRUGS),
        dose=draw.choice((5, 10, 25, 100)), times=times, next=times + 1, days=draw.choice((7, 14, 28)),
        sys=draw.randint(90, 190), dia=draw.randint(50, 110), pulse=draw.randint(48, 120), spo=draw.randint(88, 99),
        temp=f"{draw.uniform(35.5, 39.9):.1f}", hba=f"{draw.uniform(5, 12):.1f}", ldl=draw.randint(60, 220),
        weight=f"{draw.uniform(35, 98):.1f}", hour=draw.randint(8, 17), minute=f"{draw.randrange(60):02d}",
    )  # fmt: skip


def around(draw: Random, phrase: str) -> str:
    """`phrase` in the middle of a text of several sentences, glued to what is before it or not."""
    before = draw.choice((sentence(draw), sentence(draw).rstrip("。") + "、", sentence(draw) + " "))
    return before + phrase + draw.choice(("。", "、", " ", "。" + sentence(draw), "　")) + sentence(draw)
