// Recomputes proofs in this browser: SHA-256 over the exact bytes and up the tree (RFC 9162, 2.1.3.2), then the
// checkpoint's Ed25519 signature (C2SP signed-note). It believes nothing of the server but the bytes it is given.
"use strict";
const panel = document.getElementById("proof");
const { proofs: given, texts } = JSON.parse(document.getElementById("proof-data").textContent);
const outcome = document.getElementById("proof-outcome");
const list = document.getElementById("proof-steps");
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const unbase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const same = (one, other) => hex(one) === hex(other);

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

// The root that an entry and its audit path give; tells `step` of every hash on the way.
async function climb(entry, step) {
  const data = unbase64(entry.bytes);
  let value = await sha256(Uint8Array.of(0), data);
  step("leaf", hex(value), data.length);
  let node = entry.seq, last = entry.size - 1;
  for (const text of entry.path) {
    const sibling = unhex(text);
    if (last === 0 || sibling.length !== 32) throw new Error("path");
    if (node % 2 === 1 || node === last) {
      value = await sha256(Uint8Array.of(1), sibling, value);
      while (node && node % 2 === 0) { node = node / 2; last = Math.floor(last / 2); }
      step("left", hex(value), text);
    } else {
      value = await sha256(Uint8Array.of(1), value, sibling);
      step("right", hex(value), text);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw new Error("path");
  return value;
}

function parsed(note) {
  const gap = note.lastIndexOf("\n\n");
  const lines = note.slice(0, gap).split("\n");
  if (gap < 0 || lines.length < 3 || !/^(0|[1-9][0-9]{0,14})$/.test(lines[1])) throw new Error("note");
  const signatures = note.slice(gap + 2).trim().split("\n").map((line) => line.split(" "));
  return { text: note.slice(0, gap + 1), origin: lines[0], size: Number(lines[1]), root: unbase64(lines[2]), signatures };
}

// The key that signed; false where the signature is wrong; null where this browser has no Ed25519 or no key is known.
async function signedBy(note, keys) {
  const utf8 = new TextEncoder();
  for (const line of keys.split("\n").filter(Boolean)) {
    const [name, id, encoded] = [line.split("+")[0], line.split("+")[1], line.split("+").slice(2).join("+")];
    const raw = unbase64(encoded);
    const own = hex((await sha256(utf8.encode(name + "\n"), raw)).slice(0, 4));
    const found = note.signatures.find((part) => part[1] === name && hex(unbase64(part[2]).slice(0, 4)) === id);
    if (!found || own !== id || raw[0] !== 1) continue;
    let key;
    try {
      key = await crypto.subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return null;
    }
    const good = await crypto.subtle.verify({ name: "Ed25519" }, key, unbase64(found[2]).slice(4), utf8.encode(note.text));
    return good ? line : false;
  }
  return keys ? false : null;
}

function row(tone, title, detail, value) {
  const item = document.createElement("li");
  item.className = tone;
  const head = document.createElement("strong");
  head.textContent = title;
  item.append(head);
  if (detail) item.append(" ", detail);
  if (value) {
    const digest = document.createElement("span");
    digest.className = "digest";
    digest.textContent = value;
    item.append(digest);
  }
  list.append(item);
}

function conclude(tone, text) {
  outcome.className = "note " + tone;
  outcome.textContent = text;
  outcome.dataset.tone = tone;
}

const filled = (text, ...values) => values.reduce((made, value) => made.replace("%s", value), text);

async function proved(entry, checkpoint, detailed) {
  const step = (kind, value, about) => {
    if (!detailed) return;
    if (kind === "leaf") row("step", texts.leaf, filled(texts.leafDetail, about.toLocaleString()), value);
    else row("step", kind === "left" ? texts.left : texts.right, about.slice(0, 16) + "…", value);
  };
  let root;
  try {
    root = await climb(entry, step);
  } catch {
    return false;
  }
  const expected = entry.signed && checkpoint ? checkpoint.root : unhex(entry.root);
  const size = entry.signed && checkpoint ? checkpoint.size === entry.size : true;
  return size && same(root, expected);
}

async function verify() {
  list.replaceChildren();
  outcome.hidden = false;
  conclude("", texts.working);
  if (!crypto.subtle) return conclude("wait", texts.insecure);
  const checkpoint = given.note ? parsed(given.note) : null;
  const detailed = given.entries.length === 1;
  let wrong = 0;
  for (const entry of given.entries) {
    const holds = await proved(entry, checkpoint, detailed);
    wrong += holds ? 0 : 1;
    const place = entry.signed ? texts.inSigned : texts.inUnsigned;
    row(holds ? (entry.signed ? "good" : "wait") : "bad", "#" + entry.seq, holds ? filled(place, entry.size.toLocaleString()) : texts.notThere);
  }
  const signature = checkpoint ? await signedBy(checkpoint, given.key) : null;
  if (checkpoint) {
    const tone = signature ? "good" : signature === null ? "wait" : "bad";
    const told = signature ? texts.signatureGood : signature === null ? texts.signatureUnknown : texts.signatureBad;
    row(tone, texts.signature, told, signature || given.key);
  }
  const young = given.entries.filter((entry) => !entry.signed).length;
  if (wrong || signature === false) conclude("bad", texts.broken);
  else if (young || !checkpoint || signature === null) conclude("wait", filled(texts.partly, given.entries.length - young, given.entries.length));
  else conclude("good", filled(texts.proved, given.entries.length, checkpoint.size.toLocaleString()));
}

// Against a checkpoint that the reader kept: the server gives the path at that size, the root is the reader's.
async function against(event) {
  event.preventDefault();
  list.replaceChildren();
  outcome.hidden = false;
  try {
    const kept = parsed(document.getElementById("kept").value.trim() + "\n");
    const entry = given.entries[0];
    const response = await fetch(panel.dataset.root + "api/entry/" + entry.seq + "/proof?size=" + kept.size, { cache: "no-store" });
    if (!response.ok) return conclude("bad", texts.keptNone);
    const answer = await response.json();
    if (answer.bytes !== entry.bytes || answer.seq !== entry.seq || answer.size !== kept.size) return conclude("bad", texts.broken);
    const holds = await proved({ ...answer, signed: true }, kept, true);
    row(holds ? "good" : "bad", texts.kept, "", hex(kept.root));
    conclude(holds ? "good" : "bad", holds ? filled(texts.keptGood, kept.size.toLocaleString()) : texts.keptBad);
  } catch {
    conclude("wait", texts.keptUnreadable);
  }
}

document.getElementById("verify").addEventListener("click", () => verify().catch(() => conclude("bad", texts.broken)));
const own = document.getElementById("own");
if (own) own.addEventListener("submit", against);
