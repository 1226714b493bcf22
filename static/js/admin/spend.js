// "Spend balance": what would be left after the chosen reward. The server checks it again.

/**
 * Return what is left after a choice, or an empty text when there is nothing to tell.
 * @param {string | undefined} left
 * @param {string} language
 * @returns {string}
 */
export function leftAfter(left, language) {
  if (left === undefined || !/^\d+$/.test(left)) return "";
  return new Intl.NumberFormat(language).format(Number(left));
}

function show() {
  const select = document.querySelector("select[name=reward]");
  const line = document.querySelector("[data-left-after]");
  if (!(select instanceof HTMLSelectElement) || !(line instanceof HTMLElement)) return;
  const chosen = select.selectedOptions[0];
  const text = leftAfter(chosen?.dataset.left, document.documentElement.lang);
  line.hidden = text === "";
  const output = line.querySelector("output");
  if (output) output.value = text;
}

if (typeof document !== "undefined") {
  document.addEventListener("change", show);
  // A dialog shows the same form later.
  document.addEventListener("part:shown", show);
  show();
}
