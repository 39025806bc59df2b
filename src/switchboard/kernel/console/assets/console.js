// What the console's pages do beyond plain HTML: times in the reader's zone, changes as they happen, the keyboard,
// dialogs. Reading, filtering and signing in work without it. Nothing here builds HTML from text.
"use strict";

const page = document.documentElement;
page.classList.add("has-script");

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// Times: the server writes UTC, the reader reads the clock on the wall; the exact moment stays on hover.
const today = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function localise(within) {
  for (const time of all("time[datetime]", within)) {
    const moment = new Date(time.getAttribute("datetime"));
    if (!isNaN(moment)) time.textContent = `${today.format(moment)} ${clock.format(moment)}`;
  }
}

// Changes: the stream says that something changed, the page asks for itself again and takes over what differs.
const shown = new WeakMap();

function describeRows(region) {
  return new Set(all("[data-row]", region).map((row) => row.dataset.row));
}

function takeOver(fresh) {
  // What was said on arrival is old news once the page has moved on.
  if (performance.now() > 4000) one("[data-notice]")?.remove();
  for (const region of all("[data-live]")) {
    const next = fresh.getElementById(region.id);
    if (!next || next.innerHTML === shown.get(region)) continue;
    // What somebody is typing stays; a form goes only when there is nothing to fill in any more.
    if (region.dataset.live === "form" ? one("form", next) : isTypedIn(region)) continue;
    if (region.querySelector("dialog[open]") || hasSelection(region)) continue;
    swap(region, next);
  }
  document.title = fresh.title;
}

function isTypedIn(region) {
  return region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
}

function hasSelection(region) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && region.contains(selection.anchorNode);
}

function swap(region, next) {
  const before = describeRows(region);
  const open = all("details[open][id]", region).map((each) => each.id);
  const focused = document.activeElement;
  const focusKey = region.contains(focused) ? focused.id || focused.getAttribute("href") : null;
  const marked = one("tr.is-marked", region)?.dataset.row;
  const atEnd = region.dataset.live === "end" && isAtEnd();
  shown.set(region, next.innerHTML);
  region.replaceChildren(...document.importNode(next, true).childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const row of all("[data-row]", region)) {
    if (before.size && !before.has(row.dataset.row)) row.classList.add("is-new");
    if (marked && row.dataset.row === marked) row.classList.add("is-marked");
  }
  localise(region);
  if (focusKey) all("[id], a[href]", region).find((each) => each.id === focusKey || each.getAttribute("href") === focusKey)?.focus();
  if (atEnd) toEnd();
}

const isAtEnd = () => window.innerHeight + window.scrollY >= document.body.scrollHeight - 120;
const toEnd = () => window.scrollTo({ top: document.body.scrollHeight });

let asking = null;
let again = false;
let resting = null;
let restsUntil = 0;

// A page may take a twentieth of the server, however fast things change: one that was long in making rests longer.
function rest(answer) {
  const [, took] = /dur=([0-9.]+)/.exec(answer.headers.get("Server-Timing") ?? "") ?? [];
  restsUntil = performance.now() + Math.min(20 * Number(took ?? 0), 10_000);
}

async function refresh() {
  if (isLeaving) return;
  if (asking) { again = true; return asking; }
  if (performance.now() < restsUntil) {
    resting ??= setTimeout(() => { resting = null; refresh(); }, restsUntil - performance.now());
    return;
  }
  asking = (async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
      rest(answer);
      if (answer.type === "opaqueredirect" || answer.status === 401) return leave();
      if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream says that the connection is gone */ }
    finally { asking = null; }
  })();
  await asking;
  if (again) { again = false; refresh(); }
}

let isLost = false;
let telling = null;

function follow(address) {
  const source = new EventSource(address);
  source.addEventListener("changed", refresh);
  source.addEventListener("closed", () => { source.close(); leave(); });
  source.addEventListener("open", found);
  source.addEventListener("error", () => {
    lose();
    if (source.readyState !== EventSource.CLOSED) return;
    // The server answered, but with no stream: it is starting, or the person is signed out, which the page then shows.
    source.close();
    setTimeout(() => { follow(address); refresh(); }, 1500);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

function lose() {
  if (isLost) return;
  isLost = true;
  clearTimeout(telling);
  // A stream that comes back at once is nothing to tell.
  telling = setTimeout(() => tell("The connection is lost. What you see may be old; trying again…", false), 300);
}

function found() {
  if (!isLost) return;
  isLost = false;
  clearTimeout(telling);
  tell("The connection is back. This page is up to date again.", true);
  telling = setTimeout(() => { one("[data-connection]").hidden = true; }, 4000);
  for (const place of all("[data-problem=unreached]")) place.hidden = true;
  refresh();
}

function tell(text, isBack) {
  const place = one("[data-connection]");
  place.textContent = text;
  place.classList.toggle("is-back", isBack);
  place.hidden = false;
}

// Forms that change what is shown beside them: sent without leaving the page, so that typing goes on.
async function send(form) {
  const button = one("button:not([type=button])", form);
  if (button.disabled) return;
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !samePath(answer.url)) {
      if (answer.ok) return location.assign(answer.url);
      const refused = one("[data-refused]", fresh);
      say(form, one(refused ? "b" : "h1", refused ?? fresh)?.textContent ?? "That did not work.", one(refused ? "p + p" : "h1 + p", refused ?? fresh)?.textContent ?? "");
      return;
    }
    say(form, "", "");
    form.reset();
    // The name of the next message: the same one twice would be the same message.
    for (const field of all("[data-fresh]", form)) field.value = fresh.getElementById(field.id)?.value ?? field.value;
    takeOver(fresh);
    toEnd();
  } catch {
    say(form, "The server could not be reached.", "What you typed is still here; send it again in a moment.");
    one("[data-problem]", form)?.setAttribute("data-problem", "unreached");
  } finally {
    button.disabled = false;
    one("textarea, input:not([type=hidden])", form)?.focus();
  }
}

const samePath = (address) => new URL(address).pathname === location.pathname;

function say(form, message, hint) {
  const place = one("[data-problem]", form);
  if (!place) return;
  place.textContent = `${message} ${hint}`.trim();
  place.hidden = !message;
  place.dataset.problem = "";
}

// What somebody typed outlives their session: it waits in this tab until the same person has signed in again.
const DRAFT = "switchboard.draft";
const person = document.body.dataset.person ?? "";

function keepDraft(isLost) {
  const typed = all("form[method=post] textarea[id], form[method=post] input[id]:not([type=hidden], [type=password], [type=file], [type=checkbox])");
  const fields = Object.fromEntries(typed.filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]));
  if (person && Object.keys(fields).length) store({ person, path: document.body.dataset.here || location.pathname, fields, isLost });
}

function store(draft) {
  try { draft ? sessionStorage.setItem(DRAFT, JSON.stringify(draft)) : sessionStorage.removeItem(DRAFT); } catch { /* a private window keeps nothing */ }
}

function bringBackDraft() {
  let draft = null;
  try { draft = JSON.parse(sessionStorage.getItem(DRAFT)); } catch { /* not ours */ }
  if (!draft) return;
  // On the page that asks to sign in it waits; what was sent from a page that is shown again is not lost.
  if (!person) return store({ ...draft, isLost: true });
  if (draft.person !== person || !draft.isLost) return store(null);
  if (draft.path !== location.pathname) return;
  for (const [id, value] of Object.entries(draft.fields)) {
    const field = document.getElementById(id);
    if (field && field.value === field.defaultValue) field.value = value;
  }
  store(null);
  tell("You are signed in again. What you had typed is back; it was not sent yet.", true);
}

let isLeaving = false;

// The stream and a page asked for again may both find that the session is over: one reload, not a second that cuts it off.
function leave() {
  if (isLeaving) return;
  isLeaving = true;
  keepDraft(true);
  location.reload();
}

// The keyboard.
function rows() { return all("[data-list] tbody tr"); }

function mark(step) {
  const listed = rows();
  if (!listed.length) return;
  const at = listed.findIndex((row) => row.classList.contains("is-marked"));
  const next = listed[Math.min(listed.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  listed.forEach((row) => row.classList.toggle("is-marked", row === next));
  const link = one("a", next);
  link ? link.focus() : next.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => one("[data-search]")?.focus(),
  j: () => mark(1),
  k: () => mark(-1),
  n: () => one("[data-next]")?.click(),
  f: () => one("[data-filters] input, [data-filters] select")?.focus(),
  "?": () => one("#shortcuts")?.showModal(),
};

addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && isTyping && !event.target.closest("dialog")) return event.target.blur();
  if (event.key === "Escape" && one("#navigation.is-open") && !one("dialog[open]")) return one("[data-menu]").click();
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea[data-enter]")) {
    event.preventDefault();
    return event.target.form.requestSubmit();
  }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

// Clicks, in one place for what is here now and what comes later.
addEventListener("click", (event) => {
  const target = event.target.closest("[data-opens], [data-closes], [data-menu], [data-theme-switch], [data-help], [data-back], [data-copies], [data-fills]");
  if (!target) {
    if (event.target instanceof HTMLDialogElement) event.target.close();
    for (const drop of all("details.drop[open]")) if (!drop.contains(event.target)) drop.removeAttribute("open");
    return;
  }
  const data = target.dataset;
  if ("opens" in data) document.getElementById(data.opens)?.showModal();
  if ("closes" in data) target.closest("dialog").close();
  if ("help" in data) KEYS["?"]();
  if ("back" in data) history.back();
  if ("menu" in data) target.setAttribute("aria-expanded", String(one("#navigation").classList.toggle("is-open")));
  if ("themeSwitch" in data) switchTheme();
  if ("copies" in data) copy(target, document.getElementById(data.copies).textContent);
  if ("fills" in data) fill(document.getElementById(data.fills), one("[data-text]", target.parentElement)?.textContent ?? "");
});

function switchTheme() {
  const isDark = getComputedStyle(page).colorScheme === "dark" || (!page.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  page.dataset.theme = isDark ? "light" : "dark";
  document.cookie = `sb_theme=${page.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
}

async function copy(button, text) {
  const said = button.textContent;
  try { await navigator.clipboard.writeText(text.trim()); button.textContent = "Copied"; } catch { button.textContent = "Select it and copy"; }
  setTimeout(() => { button.textContent = said; }, 2000);
}

function fill(field, text) {
  field.value = text;
  field.focus();
}

addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  if (event.target.matches("[data-most-bytes]")) weigh(event.target);
  if (event.target.matches("[data-column]")) {
    const form = event.target.form;
    one("input[name=columns]", form).value = all("[data-column]:checked", form).map((each) => each.value).join(",");
  }
});

// A file that is too large is refused before it is sent, on the page where it was chosen.
function weigh(field) {
  const most = Number(field.dataset.mostBytes);
  const isTooLarge = [...field.files].some((file) => file.size > most);
  field.setCustomValidity(isTooLarge ? `The file is larger than ${(most / 1e6).toFixed(0)} MB. Divide it into several.` : "");
  if (isTooLarge) field.reportValidity();
}

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-filters]")) {
    // An address holds what was asked for, not what was left empty.
    for (const field of all("input, select", form)) if (!field.value) field.disabled = true;
  } else if (form.matches("[data-sends]")) {
    event.preventDefault();
    send(form);
  } else if (form.method === "post") {
    keepDraft(false);
    // A second click on a slow day does nothing twice.
    for (const button of all("button:not([type=button])", form)) setTimeout(() => { button.disabled = true; });
  }
});

addEventListener("pageshow", () => { for (const field of all("[data-filters] :disabled, form button:disabled")) field.disabled = false; });

// After something was done or refused the address is the deed's; the page's own can be loaded again.
const here = document.body.dataset.here;
if (here && here !== location.pathname) history.replaceState(null, "", here);

if (innerWidth < 736) for (const box of all("[data-folds=closed]")) box.removeAttribute("open");
for (const region of all("[data-live]")) shown.set(region, region.innerHTML);
localise(document);
bringBackDraft();
if (location.hash === "#end") toEnd();
if (document.body.dataset.liveFrom) follow(document.body.dataset.liveFrom);
