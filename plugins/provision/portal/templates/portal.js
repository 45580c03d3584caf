"use strict";
// Small helps; every page works without them. Nothing here talks to anybody: the page's policy allows no requests.
for (const box of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = document.body.dataset.word;
  button.setAttribute("aria-label", document.body.dataset.word + ": " + box.dataset.copy);
  button.addEventListener("click", async () => {
    const source = box.querySelector("code");
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = document.body.dataset.copied;
    setTimeout(() => { button.textContent = document.body.dataset.word; }, 1600);
  });
  box.prepend(button);
}

// SHA-256 (FIPS 180-4), piece by piece: the browser's own digest would need the whole file in memory.
function sha256() {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) { if (primes.every((p) => n % p)) primes.push(n); }
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) >>> 0;
  const K = Uint32Array.from(primes, (p) => fraction(Math.cbrt(p)));
  const H = Uint32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  const w = new Uint32Array(64), rest = new Uint8Array(64);
  let held = 0, length = 0;
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  function block(bytes, at) {
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = H;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d; H[4] += e; H[5] += f; H[6] += g; H[7] += h;
  }
  function update(bytes) {
    length += bytes.length;
    let at = 0;
    if (held) {
      const more = Math.min(64 - held, bytes.length);
      rest.set(bytes.subarray(0, more), held);
      held += more; at = more;
      if (held === 64) { block(rest, 0); held = 0; }
    }
    for (; at + 64 <= bytes.length; at += 64) block(bytes, at);
    if (at < bytes.length) { rest.set(bytes.subarray(at)); held = bytes.length - at; }
  }
  function hex() {
    const bits = length * 8, end = new Uint8Array(((held < 56 ? 56 : 120) - held) + 8);
    end[0] = 128;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(bits / 4294967296));
    view.setUint32(end.length - 4, bits >>> 0);
    update(end);
    return Array.from(H, (x) => x.toString(16).padStart(8, "0")).join("");
  }
  return { update, hex };
}

for (const box of document.querySelectorAll("[data-sums]")) {
  const wanted = box.dataset.sums.split(" "), input = box.querySelector("input"), said = box.querySelector("[role=status]");
  const bar = box.querySelector("progress");
  box.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const sum = sha256(), reader = file.stream().getReader();
    let done = 0;
    bar.hidden = false; said.className = "said"; said.textContent = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      sum.update(piece.value);
      done += piece.value.length;
      bar.value = file.size ? done / file.size : 1;
    }
    const good = wanted.includes(sum.hex());
    bar.hidden = true;
    said.className = good ? "said good" : "said bad";
    said.textContent = good ? box.dataset.good : box.dataset.bad;
  });
}
