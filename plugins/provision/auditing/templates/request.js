// Signs in again and says with that token that an officer agrees. Nothing is kept in the browser.
"use strict";
const place = document.getElementById("agreeing");
const form = document.getElementById("form");
const refusals = JSON.parse(place.dataset.refusals);
const outcome = document.getElementById("outcome");

function pick(ja, en) {
  return place.dataset.lang === "ja" ? ja : en;
}

function say(tone, text) {
  const note = document.createElement("div");
  note.className = "note " + tone;
  note.textContent = text;
  outcome.replaceChildren(note);
}

async function send(path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store" };
  const response = await fetch(place.dataset.root + path, options);
  const rule = response.headers.get("Tokumei-Rule") || "";
  return { ok: response.ok, rule, answer: await response.json().catch(() => ({})) };
}

async function agree(event) {
  event.preventDefault();
  const fields = new FormData(form);
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const signed = await send("../auth/token", { username: fields.get("username"), password: fields.get("password") });
    form.elements.password.value = "";
    if (!signed.ok) {
      say("bad", pick("サインインできませんでした。", "User name or password is wrong."));
      return;
    }
    const path = "api/requests/" + encodeURIComponent(fields.get("request")) + "/agree";
    const sent = await send(path, {}, signed.answer.access_token);
    if (sent.ok) say("good", pick("同意を記録しました。運用者が実施します。", "It is in the log. An operator carries it out."));
    else say("bad", refusals[sent.rule] || (sent.answer.error || pick("エラー", "Error")) + " " + (sent.answer.remedy || ""));
  } catch {
    say("bad", pick("サーバーに接続できません。", "The server cannot be reached."));
  } finally {
    button.disabled = false;
  }
}

form.addEventListener("submit", agree);
