// The list of customers: after a search the first one found has the focus, so that Enter opens it.

import { whenOpen } from "./open.js";

/**
 * Return whether an address is that of a search.
 * @param {string} query
 * @returns {boolean}
 */
export function isSearch(query) {
  return (new URLSearchParams(query).get("q") ?? "").trim() !== "";
}

function begin() {
  const first = document.querySelector("#result_list tbody a[href]");
  if (first instanceof HTMLElement) first.focus();
}

if (typeof document !== "undefined" && isSearch(location.search)) {
  // Until then the theme still moves the table into its scrolling frame, which takes the focus away.
  document.addEventListener("DOMContentLoaded", () => whenOpen(begin));
}
