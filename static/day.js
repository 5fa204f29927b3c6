// The day board: what is pressed opens beside it, arrows go from cell to cell, single keys act on the visit in focus.

const board = () => document.querySelector("table.day, table.load");
const token = () => document.querySelector("input[name=csrf_token]")?.value;

// --- a time or a visit opens in the dialog; with Ctrl, or without scripts, it is a page ---

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-books], a[data-visit], a[data-walks-in], a[data-sends-on]");
  if (!link) return;
  event.preventDefault();
  openBeside(link);
});

// Which part of which page opens beside the board.
const PARTS = [
  ["[data-visit]", (page) => `${page}/panel`],
  ["[data-sends-on]", (page) => `${page}-form`],
  ["[data-walks-in]", () => "/queue/walk-in-form"],
  ["[data-books]", () => "/appointments/booking-form"],
];

function openBeside(link) {
  link.closest("[data-menu]")?.removeAttribute("open");
  const address = new URL(link.href);
  const path = PARTS.find(([kind]) => link.matches(kind))[1](address.pathname);
  remember(link);
  return window.htmx.ajax("GET", path + address.search, { target: "#dialog-body", swap: "innerHTML" });
}

// --- after the board was drawn anew the focus stands where it stood ---

let place = null;

function remember(link) {
  const cell = link.closest("td");
  if (!cell || !board()?.contains(cell)) return;
  const { left, top } = link.getBoundingClientRect();
  place = { left, top };
}

function nearest(left, top, among = stops()) {
  let best = null;
  let least = Infinity;
  for (const stop of among) {
    const box = stop.getBoundingClientRect();
    const far = Math.abs(box.left - left) * 4 + Math.abs(box.top - top);
    if (far < least) [best, least] = [stop, far];
  }
  return best;
}

const stops = () => [...(board()?.querySelectorAll("td a, td button") ?? [])];

document.addEventListener("htmx:after:settle", (event) => {
  if (!event.target.closest?.("#day, #week")) return;
  if (!place || document.querySelector("dialog[open]") || document.activeElement !== document.body) return;
  nearest(place.left, place.top)?.focus({ preventScroll: true });
});

// --- arrow down, from outside, leads into the table: to what comes after now ---

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-enters]")) return;
  event.preventDefault();
  const line = document.getElementById("now")?.getBoundingClientRect().top ?? -Infinity;
  const all = stops();
  const next = all.find((stop) => stop.getBoundingClientRect().top >= line) ?? all[0];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// --- arrows inside the table ---

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function step(from, [across, down]) {
  const here = from.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const stop of stops()) {
    if (stop === from) continue;
    const there = stop.getBoundingClientRect();
    const dx = there.left - here.left;
    const dy = there.top - here.top;
    let far;
    if (down) {
      if (Math.abs(dx) > 8 || dy * down <= 0) continue;
      far = Math.abs(dy);
    } else {
      if (dx * across <= 8) continue;
      far = Math.abs(dx) * 100 + Math.abs(dy);
    }
    if (far < least) [best, least] = [stop, far];
  }
  best?.focus();
  best?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// --- keys of the visit in focus: the same letters as in its dialog ---

function act(link, key) {
  const path = new URL(link.href).pathname;
  remember(link);
  if (key === "c") {
    window.htmx.ajax("POST", `${path}/check-in`, { target: "#toasts", swap: "none", values: { csrf_token: token() } });
  } else if (key === "m" || key === "x") {
    openBeside(link).then(() => {
      const press = document.querySelector(`#panel [data-hotkey="${key}"]`);
      if (press) press.click();
    });
  } else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const from = event.target.closest?.("table:is(.day, .load) :is(td a, td button)");
  if (!from) return;
  const off = document.body.dataset.keys === "off";
  const done = event.key in ARROWS ? (step(from, ARROWS[event.key]), true) : !off && from.matches("[data-visit]") && act(from, event.key);
  if (done) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// --- a menu that is open is not drawn anew under the hand ---

document.addEventListener("htmx:before:request", (event) => {
  const polled = event.detail.ctx.sourceElement;
  if (polled.matches?.("[data-poll]") && polled.querySelector("[data-menu][open]")) event.preventDefault();
});

document.addEventListener("submit", (event) => event.target.closest("[data-menu]")?.removeAttribute("open"));

// --- somebody new: what was typed into the search is the beginning of their name ---

document.addEventListener("toggle", (event) => {
  const fields = event.target.matches?.("details[open]") && event.target.querySelector("[data-new-patient]");
  if (!fields) return;
  const name = fields.querySelector("[name=full_name]");
  const typed = event.target.closest("form").querySelector("[name=q]");
  if (!name.value && typed && /\p{L}/u.test(typed.value)) name.value = typed.value.trim();
  name.focus();
}, true);

// --- who is here? the list shrinks to whom is typed; Enter checks in the only one that is left ---

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function sift(field) {
  const words = folded(field.value).split(/\s+/).filter(Boolean);
  const left = [];
  for (const item of document.getElementById(field.dataset.sifts)?.querySelectorAll("[data-sifted]") ?? []) {
    const text = folded(item.dataset.sifted);
    item.hidden = !words.every((word) => text.includes(word));
    if (!item.hidden) left.push(item);
  }
  return left;
}

document.addEventListener("input", (event) => { if (event.target.matches("[data-sifts]")) sift(event.target); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-sifts]")) return;
  event.preventDefault();
  const left = sift(event.target);
  if (!event.target.value.trim() || left.length !== 1) return;
  left[0].querySelector("form").requestSubmit();
  event.target.value = "";
});
document.addEventListener("htmx:after:settle", () => { for (const field of document.querySelectorAll("[data-sifts]")) sift(field); });

// --- the board opens at this time of the day, and a week at its day ---

const todays = document.querySelector("th[aria-current=date]");
if (todays) {
  const frame = todays.closest("[data-scrolls]");
  const side = frame.querySelector("thead > tr > :first-child").offsetWidth;
  frame.scrollLeft = todays.offsetLeft - side;
}

const now = document.getElementById("now");
const called = location.hash && document.getElementById(location.hash.slice(1));
if (called) called.focus({ preventScroll: true });
if (now && !called) {
  const frame = now.closest(".day-frame");
  frame.scrollTop = Math.max(0, now.offsetTop - frame.clientHeight / 3);
}
