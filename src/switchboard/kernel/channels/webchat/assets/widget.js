// What a site embeds: a button that opens the chat in a frame. <script src="…/chat/APP/widget.js" async></script>
"use strict";
(() => {
  const script = document.currentScript;
  const address = new URL(script.src);
  const page = address.origin + address.pathname.replace(/\/widget\.js$/, "");
  const title = script.dataset.title || "Chat";
  const host = document.createElement("div");
  // A shadow root keeps the site's styles out; its own are set by script, which no policy of the site forbids.
  const root = host.attachShadow({ mode: "open" });
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.setAttribute("aria-expanded", "false");
  const put = (element, rules) => { for (const [rule, value] of Object.entries(rules)) element.style.setProperty(rule, value); };
  put(button, { position: "fixed", "inset-inline-end": "16px", bottom: "16px", "min-height": "48px", "min-width": "48px", padding: "0 20px", border: "0", "border-radius": "24px", background: "#0b6b63", color: "#fff", font: "600 16px system-ui, sans-serif", cursor: "pointer", "z-index": "2147483000", "box-shadow": "0 4px 16px rgb(0 0 0 / .25)" });
  let frame = null;
  button.addEventListener("click", () => {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.src = page;
      frame.title = title;
      put(frame, { position: "fixed", "inset-inline-end": "16px", bottom: "76px", width: "min(380px, calc(100vw - 32px))", height: "min(600px, calc(100vh - 100px))", border: "1px solid #858b90", "border-radius": "14px", background: "#faf9f7", "z-index": "2147483000", "color-scheme": "light dark" });
      root.append(frame);
    } else {
      frame.hidden = !frame.hidden;
      frame.style.setProperty("display", frame.hidden ? "none" : "block");
    }
    const isOpen = !frame.hidden;
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? "Close" : title;
    if (isOpen) frame.focus();
  });
  root.append(button);
  (document.body || document.documentElement).append(host);
})();
