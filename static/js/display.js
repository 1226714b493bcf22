// The display tools in the footer: text size, colours, contrast, motion. Kept on this device.

const KEY = 'display';

/**
 * Return the choices after one press; an empty value means 'as the device'.
 * @param {Record<string, string>} chosen
 * @param {string} name
 * @param {string} value
 * @returns {Record<string, string>}
 */
export function choose(chosen, name, value) {
  const rest = Object.fromEntries(Object.entries(chosen).filter(([key]) => key !== name));
  return value === '' ? rest : { ...rest, [name]: value };
}

/**
 * Return what was stored, or nothing when storage is forbidden or holds nonsense.
 * @returns {Record<string, string>}
 */
function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return found && typeof found === 'object' ? found : {};
  } catch {
    return {};
  }
}

/**
 * Show the choices on the page and on the buttons.
 * @param {Record<string, string>} chosen
 * @param {NodeListOf<HTMLElement>} buttons
 */
function show(chosen, buttons) {
  for (const button of buttons) {
    const name = button.dataset.display ?? '';
    const value = button.dataset.value ?? '';
    button.setAttribute('aria-pressed', String((chosen[name] ?? '') === value));
  }
  for (const name of ['theme', 'text', 'contrast', 'motion']) {
    if (chosen[name]) document.documentElement.setAttribute(`data-${name}`, chosen[name]);
    else document.documentElement.removeAttribute(`data-${name}`);
  }
}

if (typeof document !== 'undefined') {
  /** @type {NodeListOf<HTMLElement>} */
  const buttons = document.querySelectorAll('[data-display]');
  let chosen = stored();
  show(chosen, buttons);
  for (const button of buttons) {
    button.addEventListener('click', () => {
      chosen = choose(chosen, button.dataset.display ?? '', button.dataset.value ?? '');
      show(chosen, buttons);
      try {
        localStorage.setItem(KEY, JSON.stringify(chosen));
      } catch {
        // The choice then lasts for this page only.
      }
    });
  }
  document.addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('details.menu[open]')) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute('open');
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of document.querySelectorAll('details.menu[open]')) {
      menu.removeAttribute('open');
      menu.querySelector('summary')?.focus();
    }
  });
}
