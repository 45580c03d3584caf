"""What `templates/verify.js` says while it computes, in Japanese and English; ``%s`` stands for numbers, in order."""

from __future__ import annotations

from collections.abc import Mapping

from provision.auditing.words import Pair

TEXTS: Mapping[str, Pair] = {
    "working": Pair("計算しています…", "Working…"),
    "insecure": Pair(
        "このブラウザーでは計算できません。HTTPS で開いてください。",
        "This browser cannot compute it. Open the page over HTTPS.",
    ),
    "leaf": Pair("記録のバイト列から葉のハッシュ", "Leaf hash of the entry"),
    "leafDetail": Pair("SHA-256( 0x00 ‖ %s バイト )", "SHA-256( 0x00 ‖ %s bytes )"),
    "left": Pair("左の兄弟と合わせる", "joined with the sibling on the left"),
    "right": Pair("右の兄弟と合わせる", "joined with the sibling on the right"),
    "inSigned": Pair("署名された記録（%s 件）に含まれます", "is in the signed log of %s entries"),
    "inUnsigned": Pair(
        "記録（%s 件）に含まれますが、まだ署名されていません", "is in the log of %s entries, which is not signed yet"
    ),
    "notThere": Pair("証明が成り立ちません", "the proof does not hold"),
    "signature": Pair("チェックポイントの署名", "Signature of the checkpoint"),
    "signatureGood": Pair(
        "この公開鍵の署名です。お手元の鍵と見比べてください。",
        "is of this public key. Compare it with the one you hold.",
    ),
    "signatureBad": Pair("正しい署名ではありません", "is wrong"),
    "signatureUnknown": Pair("このブラウザーでは確かめられません", "cannot be checked in this browser"),
    "proved": Pair(
        "%s 件すべての証明が、署名された %s 件の記録に対して成り立ちます。このブラウザーで計算しました。",
        "All %s proofs hold for the signed log of %s entries. Computed in this browser.",
    ),
    "partly": Pair(
        "証明は成り立ちます。署名で確かめられたのは %s 件（全 %s 件）です。", "The proofs hold; signed: %s of %s."
    ),
    "broken": Pair(
        "証明が成り立ちません。記録を保全し、監査責任者に知らせてください。",
        "The proof does not hold. Keep the log as it is and tell the head of audit.",
    ),
    "kept": Pair("お手元のチェックポイントの要約値", "Root of the checkpoint you kept"),
    "keptGood": Pair(
        "お手元のチェックポイント（%s 件）に含まれます。", "The entry is in the log of your checkpoint (%s entries)."
    ),
    "keptBad": Pair(
        "お手元のチェックポイントの記録ではありません。記録を保全し、監査責任者に知らせてください。",
        "This is not the log of your checkpoint. Keep the log as it is and tell the head of audit.",
    ),
    "keptNone": Pair(
        "このチェックポイントは、この記録より前のものか、別の記録のものです。",
        "Your checkpoint is older than this entry, or of another log.",
    ),
    "keptUnreadable": Pair("チェックポイントとして読めません。", "This cannot be read as a checkpoint."),
}
