// The sections of an account stand in one line; on a phone the one shown scrolls into sight.

import { whenOpen } from "./open.js";

whenOpen(() => {
  document.querySelector(".d-tab[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
});
