// A link with `data-dialog` opens its page's part as a dialog; without this script it is a page.
//
// The page answers with the part alone where the header asks for it. A form in the dialog is sent to
// the same address: with errors the form comes again, after success we go where the answer says, and
// where the server had no answer for us what was typed stays.

const PART = "X-Part";
const ASK = { [PART]: "dialog" };
const FIELDS = "input:not([type=hidden]), select, textarea";

/**
 * Return whether a click asks for this page, not for another tab or window.
 * @param {{ button: number, metaKey: boolean, ctrlKey: boolean, shiftKey: boolean, altKey: boolean }} click
 * @returns {boolean}
 */
export function isPlain(click) {
  return click.button === 0 && !click.metaKey && !click.ctrlKey && !click.shiftKey && !click.altKey;
}

/**
 * Return what an answer means for the dialog: it is its part, it leads on, we were led to another
 * page, such as the sign-in, or it is none, such as that of a server that is busy.
 * @param {{ status: number, part: string | null, address: string | null, redirected: boolean }} answer
 * @returns {"part" | "lead" | "page" | "none"}
 */
export function meaning({ status, part, address, redirected }) {
  if (part !== "dialog") return redirected && status < 400 ? "page" : "none";
  return status === 204 && address ? "lead" : "part";
}

/**
 * What a field holds, and what it held when it came; a list has options in place of a value.
 * @typedef {{ selected: boolean, defaultSelected: boolean, disabled: boolean }} Choice
 * @typedef {{
 *   type: string, value: string, defaultValue?: string, checked?: boolean, defaultChecked?: boolean,
 *   options?: Iterable<Choice>
 * }} Field
 */

/**
 * Return whether somebody changed a field since it came.
 * @param {Field} field
 * @returns {boolean}
 */
export function isChanged({ type, value, defaultValue, checked, defaultChecked, options }) {
  if (type === "checkbox" || type === "radio") return checked !== defaultChecked;
  if (!options) return value !== defaultValue;
  const all = [...options];
  if (type === "select-multiple" || all.some((one) => one.defaultSelected)) {
    return all.some((one) => one.selected !== one.defaultSelected);
  }
  // Where none is marked the browser takes the first that can be chosen.
  const usual = all.find((one) => !one.disabled);
  return all.some((one) => one.selected && one !== usual);
}

class Dialog {
  /** @param {HTMLDialogElement} place */
  constructor(place) {
    this.place = place;
    /** @type {HTMLElement | null} */
    this.opener = null;
    this.address = "";
    this.isBusy = false;
    place.addEventListener("close", () => {
      place.replaceChildren();
      this.opener?.focus();
    });
    place.addEventListener("cancel", (event) => {
      if (!this.mayLeave()) event.preventDefault();
    });
    place.addEventListener("submit", (event) => this.send(event));
  }

  /**
   * Open the page of a link, or leave for it if it has no part to show.
   * @param {HTMLAnchorElement} link
   */
  async open(link) {
    if (this.isBusy) return;
    this.isBusy = true;
    if (!this.place.open) this.opener = link;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: ASK });
      if (read(answer) !== "part" || !answer.ok) throw new Error("no part");
      this.address = link.href;
      this.show(await answer.text());
    } catch {
      location.assign(link.href);
    } finally {
      link.removeAttribute("aria-busy");
      this.isBusy = false;
    }
  }

  /** @param {string} html */
  show(html) {
    // The part is the server's own template, escaped there.
    this.place.innerHTML = html;
    for (const form of this.place.querySelectorAll("form")) form.action = this.address;
    name(this.place, "aria-labelledby", "deed-title");
    name(this.place, "aria-describedby", "deed-lead");
    if (!this.place.open) this.place.showModal();
    document.dispatchEvent(new CustomEvent("part:shown"));
    this.place.scrollTop = 0;
    this.focus();
  }

  /** Lead to what is wrong, or to the first field. */
  focus() {
    const wrong = this.place.querySelector("[aria-invalid=true]");
    const alert = this.place.querySelector("[role=alert]");
    if (alert instanceof HTMLElement) alert.tabIndex = -1;
    const first = wrong ?? alert ?? this.place.querySelector("[autofocus]") ?? firstField(this.place);
    if (first instanceof HTMLElement) first.focus();
  }

  /** @param {SubmitEvent} event */
  async send(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    if (this.isBusy) return;
    this.mark(true);
    try {
      const body = new FormData(form, event.submitter);
      const answer = await fetch(this.address, { method: "POST", body, headers: ASK });
      const found = read(answer);
      if (found === "part") this.show(await answer.text());
      else if (found === "lead") location.assign(answer.headers.get("X-Address") ?? "");
      // Another page, such as the sign-in: the same form once more, for the whole window. Its key
      // makes sure that nothing is done twice.
      else if (found === "page") form.submit();
      else throw new Error("no answer");
      if (found === "part") this.mark(false);
    } catch {
      this.mark(false);
      this.warn();
    }
  }

  /**
   * Return whether the dialog may close: nothing was typed, or it may go.
   * @returns {boolean}
   */
  mayLeave() {
    /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>} */
    const fields = this.place.querySelectorAll(FIELDS);
    return ![...fields].some(isChanged) || confirm(this.place.dataset.leave ?? "");
  }

  /** Say that nobody answered. */
  warn() {
    let note = this.place.querySelector("[data-no-answer]");
    if (!(note instanceof HTMLElement)) {
      note = document.createElement("p");
      note.className = "d-note is-bad";
      note.setAttribute("role", "alert");
      note.setAttribute("data-no-answer", "");
      this.place.querySelector("form")?.prepend(note);
    }
    note.textContent = this.place.dataset.failed ?? "";
  }

  /** @param {boolean} isBusy */
  mark(isBusy) {
    this.isBusy = isBusy;
    for (const button of this.place.querySelectorAll("button[type=submit]")) {
      button.classList.toggle("is-busy", isBusy);
      button.setAttribute("aria-disabled", String(isBusy));
    }
  }
}

/**
 * @param {Response} answer
 * @returns {"part" | "lead" | "page" | "none"}
 */
function read(answer) {
  const { headers, redirected, status } = answer;
  return meaning({ status, redirected, part: headers.get(PART), address: headers.get("X-Address") });
}

/**
 * Tie an element to another one by its key, if that is there.
 * @param {HTMLElement} element
 * @param {string} attribute
 * @param {string} key
 */
function name(element, attribute, key) {
  if (element.querySelector(`#${key}`)) element.setAttribute(attribute, key);
  else element.removeAttribute(attribute);
}

/**
 * @param {HTMLElement} place
 * @returns {Element | null}
 */
function firstField(place) {
  return place.querySelector(FIELDS) ?? place.querySelector("button[type=submit], a[href]");
}

function start() {
  const place = document.querySelector("dialog[data-dialog-place]");
  if (!(place instanceof HTMLDialogElement)) return;
  const dialog = new Dialog(place);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !isPlain(event)) return;
    const link = event.target.closest("a[data-dialog], a[data-dialog-close]");
    if (!(link instanceof HTMLAnchorElement)) return;
    if (link.hasAttribute("data-dialog")) {
      event.preventDefault();
      void dialog.open(link);
    } else if (place.contains(link)) {
      event.preventDefault();
      if (dialog.mayLeave()) place.close();
    }
  });
}

if (typeof document !== "undefined") start();
