// The browser looks for the field to begin in while the theme still hides the page, and finds none.
// Here the field that asks for the focus gets it, unless somebody is somewhere already.

import { whenOpen } from "./open.js";

whenOpen(() => {
  const wanted = document.querySelector("[autofocus]");
  const isNowhere = document.activeElement === null || document.activeElement === document.body;
  if (wanted instanceof HTMLElement && isNowhere) wanted.focus();
});
