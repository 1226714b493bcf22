// Shows fields only where they apply, on forms of cards and plans. The server keeps the same rules.

import { applies, followed, prefix } from "./conditions.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/**
 * Return the value of a field of the form as it would be sent; a clear box is nothing.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {string}
 */
function valueOf(form, name) {
  const control = form.elements.namedItem(name);
  if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked ? "on" : "";
  if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) return control.value.trim();
  // Who may not change it sees it as text; then nothing depends on it here.
  return "";
}

/**
 * Put a field back to how it stands on a new form.
 * @param {Control} control
 */
function reset(control) {
  if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = false;
  else if (control instanceof HTMLSelectElement) control.selectedIndex = 0;
  else control.value = "";
}

/**
 * Show or hide each field that depends on another one; with `isTyped` what is hidden is put back.
 * @param {HTMLFormElement} form
 * @param {boolean} isTyped
 */
function arrange(form, isTyped) {
  for (const control of form.querySelectorAll("[data-follows]")) {
    if (control instanceof HTMLSelectElement) follow(form, control);
  }
  for (const control of /** @type {NodeListOf<Control>} */ (form.querySelectorAll("[data-when]"))) {
    const place = control.closest(".field-line");
    if (!place) continue;
    const before = prefix(control.name);
    const isAsked = applies(control.dataset.when ?? "", (name) => valueOf(form, before + name));
    const hasError = place.classList.contains("errors");
    const wasAsked = !place.classList.contains("is-not-asked");
    place.classList.toggle("is-not-asked", !isAsked && !hasError);
    if (isTyped && wasAsked && !isAsked && before) reset(control);
  }
  for (const row of form.querySelectorAll(".field-row")) {
    const lines = [...row.querySelectorAll(".field-line")];
    row.classList.toggle("is-not-asked", lines.length > 0 && lines.every((line) => line.classList.contains("is-not-asked")));
  }
}

/**
 * Set a drop-down to what another field decides, and shut its other choices.
 * @param {HTMLFormElement} form
 * @param {HTMLSelectElement} control
 */
function follow(form, control) {
  const before = prefix(control.name);
  const value = followed(control.dataset.follows ?? "", (name) => valueOf(form, before + name));
  for (const option of control.options) option.disabled = value !== "" && option.value !== value;
  if (value && !control.closest(".field-line.errors")) control.value = value;
}

for (const form of document.querySelectorAll("form")) {
  if (!form.querySelector("[data-when]")) continue;
  arrange(form, false);
  form.addEventListener("change", () => arrange(form, true));
  form.addEventListener("input", () => arrange(form, false));
  document.addEventListener("formset:added", () => arrange(form, false));
}
