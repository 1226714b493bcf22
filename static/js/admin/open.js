// The theme hides a page until its scripts have run; nothing in it can have the focus before.

const HIDDEN = "x-cloak";

/**
 * Do something as soon as the page stands open.
 * @param {() => void} act
 */
export function whenOpen(act) {
  const root = document.documentElement;
  if (!root.hasAttribute(HIDDEN)) {
    act();
    return;
  }
  const watch = new MutationObserver(() => {
    if (root.hasAttribute(HIDDEN)) return;
    watch.disconnect();
    act();
  });
  watch.observe(root, { attributeFilter: [HIDDEN] });
}
