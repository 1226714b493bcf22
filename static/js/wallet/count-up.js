/**
 * A balance that counts from its old figure to the new one.
 *
 * The element carries `data-value` (whole points or minor units) and `data-decimals`; its own
 * text, formatted by the server, is what stands there in the end.
 */

const DURATION_MS = 600;

/**
 * Return the figure to show at a moment of the count, slowing towards the end. Pure.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} progress 0 to 1
 * @returns {number} a whole number
 */
export function figureAt(from, to, progress) {
  const eased = 1 - (1 - Math.min(1, Math.max(0, progress))) ** 3;
  return Math.round(from + (to - from) * eased);
}

/**
 * Count an element up or down to the figure it holds.
 *
 * @param {HTMLElement} element
 * @param {number} from
 */
export function countUp(element, from) {
  const to = Number(element.dataset['value']);
  const isQuiet = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (isQuiet || !Number.isFinite(from) || !Number.isFinite(to) || from === to) {
    return;
  }
  const written = element.textContent;
  const decimals = Number(element.dataset['decimals'] ?? 0);
  const format = new Intl.NumberFormat(document.documentElement.lang || undefined, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  const start = performance.now();

  /** @param {number} now */
  function step(now) {
    const progress = (now - start) / DURATION_MS;
    if (progress >= 1) {
      element.textContent = written;
      return;
    }
    element.textContent = format.format(figureAt(from, to, progress) / 10 ** decimals);
    requestAnimationFrame(step);
  }
  requestAnimationFrame(step);
}
