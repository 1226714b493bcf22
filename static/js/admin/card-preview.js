// The card form: redraws the card while its look is chosen, and says whether its text reads well.

import { LEAST_CONTRAST, contrast } from "./contrast.js";

const drawing = document.querySelector("[data-card-preview]");
const verdict = document.querySelector("[data-contrast]");

/**
 * Return what stands in a field of the form.
 * @param {string} name
 * @returns {string}
 */
function typed(name) {
  const field = document.querySelector(`[data-preview="${name}"]`);
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : "";
}

/**
 * Write a text into a part of the drawing, if there is one.
 * @param {string} part
 * @param {string} text
 */
function write(part, text) {
  const place = drawing?.querySelector(part);
  if (place && text) place.textContent = text;
}

function redraw() {
  if (!drawing) return;
  const [ground, ink] = [typed("colour"), typed("text_colour")];
  drawing.querySelector("[data-ground]")?.setAttribute("fill", ground);
  drawing.querySelector("[data-ink]")?.setAttribute("fill", ink);
  drawing.querySelector("[data-icon-ink]")?.setAttribute("stroke", ink);
  if (typed("icon")) drawing.querySelector("[data-icon]")?.setAttribute("href", `#card-${typed("icon")}`);
  write("[data-name]", typed("name").slice(0, 26));
  write("[data-unit]", typed("unit_many"));
  if (!(verdict instanceof HTMLElement) || !ground || !ink) return;
  const found = contrast(ink, ground);
  const isGood = found >= LEAST_CONTRAST;
  verdict.hidden = false;
  verdict.classList.toggle("is-bad", !isGood);
  const words = (isGood ? verdict.dataset.good : verdict.dataset.bad) ?? "";
  verdict.textContent = words.replace("%s", found.toFixed(1));
}

for (const field of document.querySelectorAll("[data-preview]")) {
  field.addEventListener("input", redraw);
}
if (document.querySelector("[data-preview=colour]")) redraw();
