// The desk: keys, search boxes, and a veil when nobody is there.

import Combobox from "./vendor/combobox-nav-3.0.2/combobox-nav.js";
import { install, uninstall } from "./vendor/hotkey-3.1.4/hotkey.js";

// --- keys (WCAG 2.1.4: off inside fields, and off altogether where the person said so) ---

const keyed = new Map(); // each element with its key: a fragment may give an element that stays another one
const heard = new WeakSet();
const keysOff = () => document.body.dataset.keys === "off";

function keys() {
  for (const [element, key] of keyed) {
    if (element.isConnected && element.dataset.hotkey === key) continue;
    uninstall(element);
    keyed.delete(element);
  }
  for (const element of document.querySelectorAll("[data-hotkey]")) {
    if (keyed.has(element)) continue;
    install(element, element.dataset.hotkey);
    keyed.set(element, element.dataset.hotkey);
    if (heard.has(element)) continue;
    heard.add(element);
    element.addEventListener("hotkey-fire", (event) => {
      // A page under an open dialog rests, and so does what is not to be seen.
      const above = document.querySelector("dialog[open]");
      if (keysOff() || (above && !above.contains(element)) || !element.checkVisibility?.()) event.preventDefault();
    });
  }
}

// --- the list of keys, opened with ?; the switch is kept by this device ---

const list = document.getElementById("keys");

function listKeys() {
  if (list.open) return;
  const rows = list.querySelector("[data-keys-rows]");
  rows.replaceChildren(...[...document.querySelectorAll("[data-hotkey]")].map((element) => {
    const row = document.createElement("div");
    const name = document.createElement("dt");
    const key = document.createElement("dd");
    name.textContent = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent.trim();
    for (const each of element.dataset.hotkey.split(",")) key.append(Object.assign(document.createElement("kbd"), { textContent: each }), " ");
    row.append(name, key);
    return row;
  }));
  const palette = document.getElementById("palette");
  if (palette) {
    const row = rows.appendChild(document.createElement("div"));
    row.append(Object.assign(document.createElement("dt"), { textContent: palette.ariaLabel }), document.createElement("dd"));
    row.lastChild.append(Object.assign(document.createElement("kbd"), { textContent: "Ctrl K" }));
  }
  list.showModal();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (event.key === "?" && !typing && !keysOff() && !document.querySelector("dialog[open]")) listKeys();
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-list]")) listKeys(); });
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys-switch]")) return;
  const on = event.target.checked;
  document.body.dataset.keys = on ? "on" : "off";
  document.cookie = `keys=${on ? "" : "off"}; Path=/; Max-Age=${on ? 0 : 31_536_000}; SameSite=Lax`;
});

// --- a box that finds while one types: the list comes from the server, the keys from combobox-nav ---

const boxes = new WeakMap();
let pressed = false;
addEventListener("pointerdown", () => { pressed = true; }, true);
addEventListener("pointerup", () => { pressed = false; }, true);

function box(field) {
  const input = field.querySelector("[role=combobox]");
  const list = document.getElementById(input.getAttribute("aria-controls"));
  const combobox = new Combobox(input, list, { tabInsertsSuggestions: false, firstOptionSelectionMode: "active" });
  boxes.set(list, { combobox, input, field, show, hide });

  function show() {
    list.hidden = false;
    combobox.stop();
    combobox.start();
  }
  function hide() {
    list.hidden = true;
    combobox.stop();
  }

  input.addEventListener("input", () => {
    const value = field.querySelector("[data-combobox-value]");
    if (value) value.value = "";
    if (!input.value.trim() && !input.closest("#palette")) hide();
  });
  input.addEventListener("keydown", (event) => {
    const palette = input.closest("#palette");
    if (event.key !== "Escape" || (list.hidden && !palette)) return;
    palette ? palette.close() : hide();
    event.stopPropagation();
    event.preventDefault();
  });
  field.addEventListener("focusout", (event) => {
    if (field.contains(event.relatedTarget)) return;
    // What is pressed must not move away under the pointer: the list goes when the press is over.
    if (pressed) addEventListener("pointerup", () => setTimeout(hide), { once: true });
    else hide();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener("combobox-commit", (event) => {
    const option = event.target;
    const value = field.querySelector("[data-combobox-value]");
    hide();
    if (option.matches("a")) return; // a link goes where it leads
    input.value = option.dataset.text ?? option.textContent.trim();
    if (value) value.value = option.dataset.value;
    field.dispatchEvent(new CustomEvent("picked", { bubbles: true, detail: { value: option.dataset.value, option } }));
  });
}

document.addEventListener("htmx:after:settle", () => {
  start();
  for (const list of document.querySelectorAll(".combo-list")) {
    const known = boxes.get(list);
    if (!known || document.activeElement !== known.input) continue;
    list.querySelector("[role=option]") || list.childElementCount ? known.show() : known.hide();
  }
});

// --- Ctrl+K: one box for every page and every patient ---

document.addEventListener("keydown", (event) => {
  const palette = document.getElementById("palette");
  if (!palette || event.key !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (palette.open || document.querySelector("dialog[open]")) return;
  palette.showModal();
  const input = palette.querySelector("[role=combobox]");
  input.select();
  boxes.get(document.getElementById(input.getAttribute("aria-controls"))).show();
});

// --- nobody there: the names on the screen blur until a key or the pointer moves ---

function veil() {
  const seconds = Number(document.body.dataset.idleBlur);
  if (!seconds) return;
  let timer;
  const awake = () => {
    document.body.classList.remove("veiled");
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add("veiled"), seconds * 1000);
  };
  for (const sign of ["pointermove", "pointerdown", "keydown", "scroll", "focus"]) addEventListener(sign, awake, { passive: true, capture: true });
  awake();
}

function start() {
  keys();
  for (const field of document.querySelectorAll("[data-combobox]")) {
    const list = document.getElementById(field.querySelector("[role=combobox]").getAttribute("aria-controls"));
    if (!boxes.has(list)) box(field);
  }
}

start();
veil();
