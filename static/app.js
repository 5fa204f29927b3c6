// Small comforts for every page, each keyed by a data attribute. Every page works without them.
// An element that arrives in a fragment is found by its attribute too: listeners sit on the document.

const root = document.documentElement;

// --- the summary of errors takes the focus; its links put it into the field ---

function showErrors(within = document) {
  const summary = within.querySelector?.("[data-error-summary]");
  summary?.focus();
  return Boolean(summary);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  (field.labels?.[0] ?? field.closest("fieldset") ?? field).scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
});

// --- dialogs: <a data-opens="id">, <button data-closes>; a fragment in #dialog-body opens its dialog ---

let opener = null;

function open(dialog) {
  if (dialog.open) return;
  opener = document.activeElement;
  if (dialog.querySelector("#dialog-title")) dialog.setAttribute("aria-labelledby", "dialog-title");
  dialog.showModal();
  if (!dialog.querySelector("[autofocus]")) dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target;
  const opens = target.closest("[data-opens]");
  const dialog = opens && document.getElementById(opens.dataset.opens);
  if (dialog) {
    event.preventDefault();
    open(dialog);
  }
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  // A press on the backdrop arrives at the dialog itself. What was typed is not thrown away by a slip.
  if (target.matches("dialog[data-dialog]") && !typed(target)) target.close();
});

function typed(dialog) {
  return [...dialog.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);
}

document.addEventListener("close", (event) => {
  if (!event.target.matches?.("dialog[data-dialog]")) return;
  opener?.isConnected && opener.focus();
  opener = null;
}, true);

document.addEventListener("htmx:after:swap", (event) => {
  const body = document.getElementById("dialog-body");
  const target = event.detail?.ctx?.target;
  if (body && target === body) body.childElementCount ? open(body.closest("dialog")) : body.closest("dialog").close();
});

// A change that answers HX-Trigger: close-dialog is done with its dialog.
document.addEventListener("close-dialog", () => document.querySelector("dialog[open]")?.close());

// --- menus close on Esc and on a press elsewhere ---

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// --- toasts leave after ten seconds, unless a pointer or the focus rests on them ---

const STAYS = 10_000;

function toast(element) {
  let timer;
  const stay = () => clearTimeout(timer);
  const leave = () => { stay(); timer = setTimeout(() => element.remove(), STAYS); };
  element.addEventListener("pointerenter", stay);
  element.addEventListener("focusin", stay);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("focusout", leave);
  leave();
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove());

// --- a form is sent once: a second press while the first is on its way does nothing ---

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.classList.add("busy");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".busy")) button.classList.remove("busy");
});

// --- light, dark, or as the device says; the server reads the cookie, so the next page is right at once ---

function showTheme() {
  for (const choice of document.querySelectorAll("[data-theme-choice] > button"))
    choice.setAttribute("aria-pressed", String(choice.value === (root.dataset.theme ?? "")));
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice] > button");
  if (!choice) return;
  if (choice.value) root.dataset.theme = choice.value;
  else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${choice.value}; Path=/; Max-Age=${choice.value ? 31_536_000 : 0}; SameSite=Lax${secure}`;
  showTheme();
});

// --- time: a countdown, the reader's own zone, a clock on the wall ---

function countDown(element) {
  const until = Date.parse(element.dataset.countdown);
  const tick = () => {
    if (!element.isConnected) return clearInterval(timer);
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    element.textContent = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : element.dataset.over;
    if (left === 60) say(element.dataset.soon);
    if (left) return;
    clearInterval(timer);
    say(element.dataset.over);
    element.dispatchEvent(new CustomEvent("countdown-over", { bubbles: true }));
  };
  const timer = setInterval(tick, 1000);
  tick();
}

function ownZone(time) {
  const there = time.dateTime.match(/T(\d\d:\d\d)/)?.[1];
  const here = new Date(time.dateTime).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (!there || there === here) return;
  const line = document.createElement("span");
  line.className = "own-zone muted small";
  line.textContent = ` (${time.dataset.ownZone.replace("{}", here)})`;
  time.after(line);
}

function wallClock(element) {
  const show = () => {
    element.textContent = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: element.dataset.clock });
  };
  show();
  setInterval(show, 1000);
}

// --- what a screen reader should hear, wherever the focus is ---

function say(text) {
  let voice = document.getElementById("voice");
  if (!voice) {
    voice = Object.assign(document.createElement("div"), { id: "voice", className: "visually-hidden" });
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  voice.textContent = "";
  setTimeout(() => { voice.textContent = text; }, 50);
}

// --- polled parts: unchanged ones are not fetched again (ETag), and a lost connection is said and heals itself ---

const tags = new Map(); // by address: the element itself is replaced by each answer
let freshAt = new Date();

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.target?.querySelector(":scope > [data-refusal]")?.remove(); // the last no is answered by the next try
  const address = ctx.sourceElement.getAttribute("hx-get");
  if (ctx.sourceElement.matches("[data-poll]") && tags.has(address)) ctx.request.headers["If-None-Match"] = tags.get(address);
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const { status, headers } = ctx.response;
  const polled = ctx.sourceElement.matches("[data-poll]");
  if (status < 400) fresh();
  else if (status >= 500 || status === 429) stale(polled);
  if (polled && status === 200 && headers.get("ETag")) tags.set(ctx.sourceElement.getAttribute("hx-get"), headers.get("ETag"));
});
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.response) stale(ctx.sourceElement.matches("[data-poll]"));
});

function fresh() {
  freshAt = new Date();
  const banner = document.getElementById("stale");
  if (banner) banner.hidden = true;
}

function stale(polled) {
  const banner = document.getElementById("stale");
  if (!banner) return;
  const since = freshAt.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  banner.querySelector("span").textContent = polled ? banner.dataset.text.replace("{}", since) : banner.dataset.lost;
  banner.hidden = false;
}

// --- presses with no home of their own ---

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-print]")) print();
  const copies = event.target.closest("[data-copies]");
  if (copies) {
    await navigator.clipboard.writeText(document.getElementById(copies.dataset.copies).textContent.trim());
    say(copies.dataset.copied ?? "");
    copies.classList.add("is-done");
  }
});

document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-submits]")) event.target.form.requestSubmit();
});

// --- whatever comes, now or in a fragment ---

// A frame that scrolls can be reached by keyboard; one that does not is no stop on the way.
function frame(element) {
  new ResizeObserver(() => {
    const scrolls = element.scrollWidth > element.clientWidth + 1;
    if (scrolls) Object.assign(element, { tabIndex: 0, role: "group", ariaLabel: element.dataset.scrolls });
    else for (const name of ["tabindex", "role", "aria-label"]) element.removeAttribute(name);
  }).observe(element);
}

const comforts = {
  "[data-scrolls]": frame,
  "[data-toast]": toast,
  "[data-countdown]": countDown,
  "[data-own-zone]": ownZone,
  "[data-clock]": wallClock,
};
const comforted = new WeakSet();

function comfort(within) {
  for (const [selector, start] of Object.entries(comforts)) {
    for (const element of within.querySelectorAll(selector)) {
      if (comforted.has(element)) continue;
      comforted.add(element);
      start(element);
    }
  }
}

document.addEventListener("htmx:after:settle", (event) => {
  comfort(document);
  showErrors(event.target);
});

comfort(document);
showTheme();
showErrors();

export { say };
