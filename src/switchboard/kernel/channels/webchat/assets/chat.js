// The chat's page. What a visitor writes is kept here until the server says that it is stored, through reloads and
// lost connections; each message has a name, so that sending it again is no second message.
"use strict";

const app = document.body.dataset.app;
const base = `/chat/${encodeURIComponent(app)}`;
const log = document.getElementById("log");
const field = document.getElementById("text");
const connection = document.getElementById("connection");
const key = `switchboard.chat.${app}`;
const LONGEST = 2000;
const shown = new Map();
let last = 0;
let listening = null;
let sending = false;
let failures = 0;

const offered = document.getElementById("offered");
const progress = document.getElementById("progress");
const greeting = document.getElementById("greeting");
const heard = new Set();

// What is said here in the page's language; English where that has no words.
const translations = JSON.parse(document.body.dataset.words || "{}");
const t = (text, ...given) => given.reduce((said, each, place) => said.replace(`{${place}}`, each), translations[text] || text);

const kept = load();

function load() {
  const fresh = { token: null, waiting: [], draft: "" };
  try { return Object.assign(fresh, JSON.parse(localStorage.getItem(key)) || {}); }
  catch { return fresh; }
}

function keep() {
  try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* a private window: kept as long as it is open */ }
}

async function ask(method, path, body, signal) {
  const headers = {};
  if (kept.token) headers.Authorization = `Bearer ${kept.token}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body), signal });
  if (answer.status === 401 && kept.token) { forget(); throw new Over(); }
  if (!answer.ok) throw new Refused(answer.status, Number(answer.headers.get("Retry-After")) || 0, await words(answer));
  return answer.status === 204 ? null : answer.json();
}

class Over extends Error {}
class Refused extends Error {
  constructor(status, wait, said) { super(said); this.status = status; this.wait = wait; }
}

async function words(answer) {
  try { const { error } = await answer.json(); return `${error.message} ${error.hint}`; } catch { return ""; }
}

function forget() {
  kept.token = null;
  last = 0;
  keep();
}

function name() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
}

function show(id, text, mine, state) {
  const known = shown.get(id);
  const item = known || document.createElement("div");
  if (!known) {
    const said = document.createElement("p");
    said.dir = "auto";
    said.textContent = text;
    item.append(said, document.createElement("small"));
    item.className = mine ? "line mine" : "line";
    shown.set(id, item);
    log.append(item);
  }
  const small = item.querySelector("small");
  small.textContent = state ? t(state) : "";
  small.className = state && state !== "Sent" ? "waits" : "";
  if (!known) bringIntoView(item);
  return item;
}

// A long reply is read from its beginning.
function bringIntoView(item) {
  const isLong = item.offsetHeight > log.parentElement.clientHeight * 0.8;
  item.scrollIntoView({ block: isLong ? "start" : "end" });
  return isLong;
}

function take(lines) {
  for (const line of lines) {
    kept.waiting = kept.waiting.filter((each) => !(line.mine && each.id === line.client_message_id));
    const item = show(`${line.mine ? "in" : "out"}:${line.client_message_id}`, line.text, line.mine, line.mine ? "Sent" : "");
    // The page asks for what is new and is told of what it sent: the same line can come both ways.
    if (line.position <= last) continue;
    last = line.position;
    if (line.mine) { offer([]); continue; }
    if (line.links && !item.querySelector("a")) item.append(linked(line.links));
    offer(line.quick_replies || []);
    advance(line.progress);
    for (const tell of heard) tell(line, item);
  }
  keep();
}

function linked(links) {
  const list = document.createElement("div");
  list.className = "links";
  for (const { label, href } of links) {
    if (!/^(tel:|sms:|https:)/.test(href)) continue;
    const link = document.createElement("a");
    link.textContent = label;
    link.href = href;
    if (href.startsWith("https:")) { link.target = "_blank"; link.rel = "noopener noreferrer"; }
    list.append(link);
  }
  return list;
}

// Answers to tap stand below the last line; one that is tapped is a message like any other.
function offer(labels) {
  offered.replaceChildren(...labels.map((label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dir = "auto";
    button.textContent = label;
    button.addEventListener("click", () => say(label));
    return button;
  }));
  offered.hidden = !labels.length;
  if (labels.length && !(log.lastElementChild && bringIntoView(log.lastElementChild))) offered.scrollIntoView({ block: "end" });
}

function advance(steps) {
  if (!steps || !steps[1]) return;
  const bar = progress.querySelector("progress");
  [bar.value, bar.max] = steps;
  document.getElementById("progress-text").textContent = t("{0} of {1}", ...steps);
  progress.hidden = false;
}

function say(text) {
  if (!failures) tell("");
  kept.waiting.push({ id: name(), text });
  keep();
  offer([]);
  for (const each of kept.waiting) show(`in:${each.id}`, each.text, true, "Sending…");
  flush();
}

function welcome() {
  if (!kept.token && !kept.waiting.length) offer(JSON.parse(document.body.dataset.quickReplies || "[]"));
}

function tell(text) {
  connection.textContent = t(text);
  connection.hidden = !text;
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const backoff = () => Math.min(30, 0.5 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random());

function lost() {
  failures += 1;
  if (failures > 1) tell("The connection is lost. What you write is kept and sent when it is back.");
}

function back() {
  if (failures > 1) { tell("The connection is back."); setTimeout(() => tell(""), 3000); }
  failures = 0;
}

async function flush() {
  if (sending) return;
  sending = true;
  try {
    while (kept.waiting.length) {
      const message = kept.waiting[0];
      show(`in:${message.id}`, message.text, true, failures ? "Not sent yet, trying again" : "Sending…");
      try {
        if (!kept.token) { kept.token = (await ask("POST", "/conversations", null)).token; keep(); listen(); }
        const answer = await ask("POST", "/messages", { text: message.text, client_message_id: message.id });
        back();
        take(answer.lines);
      } catch (error) {
        if (error instanceof Over) continue;
        if (error instanceof Refused && error.status >= 400 && error.status < 429 && error.status !== 408) {
          kept.waiting.shift();
          keep();
          show(`in:${message.id}`, message.text, true, error.message || "This could not be sent.");
          continue;
        }
        lost();
        show(`in:${message.id}`, message.text, true, error.wait ? error.message : "Not sent yet, trying again");
        await Promise.race([pause(error.wait || backoff()), new Promise((done) => addEventListener("online", done, { once: true }))]);
      }
    }
  } finally { sending = false; }
}

async function listen() {
  if (listening || !kept.token) return;
  const mine = (listening = new AbortController());
  let first = true;
  while (kept.token && listening === mine) {
    try {
      const answer = await ask("GET", `/messages?after=${last}&wait=${first ? 0 : 25}`, null, mine.signal);
      if (!sending) back();
      take(answer.lines);
      first = false;
    } catch (error) {
      if (mine.signal.aborted) break;
      if (error instanceof Over) { tell("That conversation is over. Write to begin a new one."); break; }
      lost();
      await pause(backoff());
    }
  }
  if (listening === mine) listening = null;
}

document.getElementById("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return field.focus();
  if ([...text].length > LONGEST) return tell(t("A message may have {0} characters; this one has {1}. Shorten it, or send it in parts.", LONGEST, [...text].length));
  field.value = kept.draft = "";
  fit();
  field.focus();
  say(text);
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); field.form.requestSubmit(); }
});

function fit() {
  field.rows = Math.min(6, field.value.split("\n").length);
}
// What is typed outlives a reload and a lost connection.
field.addEventListener("input", () => { fit(); kept.draft = field.value; keep(); });

const sure = document.getElementById("sure");
document.getElementById("anew").addEventListener("click", () => sure.showModal());
sure.addEventListener("close", async () => {
  if (sure.returnValue !== "yes") return;
  sure.returnValue = "";
  if (kept.token) try { await ask("DELETE", "/conversations", null); } catch { /* it is forgotten here in any case */ }
  clear();
  welcome();
  field.focus();
});

// This device knows nothing of the conversation any more.
function clear() {
  if (listening) listening.abort();
  listening = null;
  kept.waiting = [];
  kept.draft = field.value = "";
  forget();
  try { localStorage.removeItem(key); } catch { /* nothing was kept */ }
  shown.clear();
  log.replaceChildren();
  offer([]);
  progress.hidden = true;
}

// Go on with another conversation: the one that a secret link opens.
function takeUp(token) {
  clear();
  kept.token = token;
  keep();
  listen();
}

addEventListener("online", () => { flush(); listen(); });
for (const each of kept.waiting) show(`in:${each.id}`, each.text, true, "Not sent yet, trying again");
field.value = kept.draft;
fit();
welcome();
listen();
flush();
