// What the guide's page has beyond the conversation: help, leaving, the summary, going on elsewhere, larger text, a voice.
// It comes after chat.js and uses what stands there.
"use strict";

const at = (id) => document.getElementById(id);
const opens = (button, dialog, before) => at(button).addEventListener("click", async () => {
  at("tools").open = false;
  if (!before || (await before())) at(dialog).showModal();
});

// Help stands in the page itself, so that it opens without a network, too.
const country = at("country");
function showLines() {
  for (const lines of document.querySelectorAll("[data-country]")) lines.hidden = lines.dataset.country !== country.value;
  at("elsewhere-lines").hidden = false;
}
country.addEventListener("change", showLines);
showLines();
opens("get-help", "help");

// Leaving: this device forgets the conversation first, so that going back shows nothing. Three times Shift does the same.
function leaveQuickly() {
  clear();
  document.body.hidden = true;
  location.replace(at("help").dataset.exit);
}
at("leave").addEventListener("click", leaveQuickly);
let shifts = [];
addEventListener("keyup", (event) => {
  if (event.key !== "Shift") { shifts = []; return; }
  shifts = [...shifts.filter((moment) => event.timeStamp - moment < 1500), event.timeStamp];
  if (shifts.length === 3) leaveQuickly();
});

let summary = null;
opens("open-summary", "summary", async () => {
  if (!(summary = await asked("summary"))) return false;
  const parts = summary.parts.flatMap((part) => {
    const [heading, text] = [document.createElement("h3"), document.createElement("p")];
    [heading.textContent, text.textContent] = [part.heading, part.text];
    heading.dir = text.dir = "auto";
    return [heading, text];
  });
  if (!parts.length) parts.push(Object.assign(document.createElement("p"), { textContent: t("You have not answered a question yet.") }));
  if (summary.closing) parts.push(Object.assign(document.createElement("p"), { className: "closing", dir: "auto", textContent: summary.closing }));
  at("summary-parts").replaceChildren(...parts);
  return true;
});
at("print").addEventListener("click", () => print());
at("save-page").addEventListener("click", async () => {
  const made = await asked("summary-page");
  if (made) save("my-summary.pdf", new Blob([Uint8Array.from(atob(made.pdf), (sign) => sign.charCodeAt(0))], { type: "application/pdf" }));
});
at("save-text").addEventListener("click", () => save("my-summary.txt", new Blob([summary.text], { type: "text/plain" })));

function save(file, content) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content), download: file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

opens("open-elsewhere", "elsewhere", async () => {
  const made = await asked("resume-link");
  if (!made) return false;
  at("secret-link").value = `${location.origin}${location.pathname}#${made.secret}`;
  at("copied").textContent = "";
  return true;
});
at("copy-link").addEventListener("click", async () => {
  at("secret-link").select();
  try { await navigator.clipboard.writeText(at("secret-link").value); at("copied").textContent = t("Copied."); }
  catch { at("copied").textContent = t("Select it and copy."); }
});

opens("open-delete", "delete-all");
at("delete-all").addEventListener("close", async () => {
  if (at("delete-all").returnValue !== "yes") return;
  at("delete-all").returnValue = "";
  if (kept.token && last && !(await asked("delete"))) return;
  clear();
  welcome();
  tell("Everything you told me has been deleted.");
});

// What the page asks besides messages; says why where that did not work.
async function asked(what) {
  if (!kept.token) { tell("There is nothing here yet. Write something first."); return null; }
  try { return await ask("POST", `/answers/${what}`, {}); }
  catch (error) { tell(error.message || "The server could not be reached. Try again in a moment."); return null; }
}

// Somebody came by a secret link. The secret stands behind a #, which no server and no log sees.
async function comeBack(secret) {
  history.replaceState(null, "", location.pathname);
  try { takeUp((await ask("POST", "/resumed", { secret })).token); }
  catch (error) { tell(error.message || "The server could not be reached. Open the link again in a moment."); }
}
if (location.hash.length > 16) comeBack(location.hash.slice(1));
addEventListener("hashchange", () => { if (location.hash.length > 16) comeBack(location.hash.slice(1)); });

// Larger text and a voice are this device's own choices.
function remembered(name, button, apply) {
  const place = `switchboard.chat.${name}`;
  const set = (on) => { button.setAttribute("aria-pressed", String(on)); apply(on); try { localStorage.setItem(place, on ? "1" : ""); } catch { /* as long as it is open */ } };
  button.addEventListener("click", () => { set(button.getAttribute("aria-pressed") !== "true"); at("tools").open = false; });
  try { if (localStorage.getItem(place)) set(true); } catch { /* not kept */ }
}
remembered("large", at("larger"), (on) => document.documentElement.toggleAttribute("data-large", on));

let speaks = false;
remembered("aloud", at("aloud"), (on) => { speaks = on; if (!on) window.speechSynthesis?.cancel(); });
if (!("speechSynthesis" in window)) at("aloud").hidden = true;
const began = Date.now();
heard.add((line) => {
  // What was said before the page was opened is not read out again.
  if (!speaks || !("speechSynthesis" in window) || Date.parse(line.at) < began - 5000) return;
  const speech = new SpeechSynthesisUtterance(line.text);
  speech.lang = document.documentElement.lang;
  speechSynthesis.cancel();
  speechSynthesis.speak(speech);
});

document.addEventListener("click", (event) => { if (!at("tools").contains(event.target)) at("tools").open = false; });
