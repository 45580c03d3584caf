// Signs in again, sends the decision with that token, and says what happened. Nothing is kept in the browser.
"use strict";
const place = document.getElementById("decision");
const form = document.getElementById("form");
const outcome = document.getElementById("outcome");
const root = place.dataset.root;
const refusals = JSON.parse(place.dataset.refusals);

function pick(ja, en) {
  return place.dataset.lang === "ja" ? ja : en;
}

function say(tone, ...lines) {
  const note = document.createElement("div");
  note.className = "note " + tone;
  for (const line of lines.filter(Boolean)) {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    note.append(paragraph);
  }
  outcome.replaceChildren(note);
  outcome.scrollIntoView({ block: "nearest" });
}

async function send(path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store" };
  const response = await fetch(root + path, options);
  const answer = await response.json().catch(() => ({}));
  return { ok: response.ok, rule: response.headers.get("Tokumei-Rule") || "", answer };
}

function told(answer) {
  if (answer.rejected) say("bad", pick("却下を記録しました。", "The rejection is in the log."), woken(answer.prompt));
  else if (answer.complete) say("good", pick("承認がそろいました。", "Both approvals are in the log."), woken(answer.prompt));
  else if ("approvals" in answer) say("good", pick("承認を記録しました。もう一人の承認を待ちます。", "Your approval is in the log. One more officer is needed."));
  else say(answer.prompt.answered ? "good" : "bad", woken(answer.prompt));
  offerReload();
}

function woken(prompt) {
  if (!prompt) return "";
  if (prompt.answered) return pick("実行に伝えました。", "The run was told.") + " Airflow: " + prompt.message;
  const still = pick("記録は有効ですが、実行を再開できませんでした。", "The log stands, but the run was not woken.");
  return still + " Airflow: " + prompt.message + ". " + prompt.remedy;
}

function refused(sent) {
  const known = refusals[sent.rule];
  const told = known || sent.answer.error || pick("エラー", "Error");
  say("bad", told, known && place.dataset.lang === "ja" ? "" : sent.answer.remedy, sent.rule ? "[" + sent.rule + "]" : "");
}

function offerReload() {
  const link = document.createElement("a");
  link.className = "button";
  link.href = "";
  link.textContent = pick("ページを更新", "Reload the page");
  outcome.firstChild.append(link);
}

async function decide(event) {
  event.preventDefault();
  const fields = new FormData(form);
  const decision = event.submitter ? event.submitter.value : "";
  if (!decision) return;
  if (decision === "reject" && !fields.get("reason").trim()) {
    say("wait", pick("却下の理由を書いてください。", "A rejection needs a reason."));
    return;
  }
  const buttons = [...form.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  say("", pick("送信しています…", "Working…"));
  try {
    const signed = await send("../auth/token", { username: fields.get("username"), password: fields.get("password") });
    form.elements.password.value = "";
    if (!signed.ok) {
      say("bad", pick("サインインできませんでした。利用者名かパスワードが違います。", "User name or password is wrong."));
      return;
    }
    const token = signed.answer.access_token;
    const path = "api/approvals/" + place.dataset.release;
    const body = { digest: document.getElementById("digest").textContent, decision, reason: fields.get("reason") };
    const sent = decision === "prompt" ? await send(path + "/prompt", {}, token) : await send(path, body, token);
    if (sent.ok) told(sent.answer);
    else refused(sent);
    if (sent.ok) form.hidden = true;
  } catch {
    say("bad", pick("サーバーに接続できません。", "The server cannot be reached."));
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

if (form) form.addEventListener("submit", decide);
