/**
 * A form with `data-once` is sent once, however often its button is pressed.
 *
 * Its hidden `request_id`, made by the server, stays as it is, so that even a second request
 * would be answered with the first result.
 */

const SENT = 'sent';

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !('once' in form.dataset) || event.defaultPrevented) {
    return;
  }
  if (SENT in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset[SENT] = '';
  for (const button of form.querySelectorAll('button:not([type=button])')) {
    button.classList.add('is-busy');
    button.setAttribute('aria-disabled', 'true'); // Disabling it would drop its own value.
  }
});

/** A page that comes back from the browser's memory may be sent again. */
window.addEventListener('pageshow', (event) => {
  for (const form of event.persisted ? document.querySelectorAll('form[data-sent]') : []) {
    form.removeAttribute('data-sent');
    for (const button of form.querySelectorAll('.is-busy')) {
      button.classList.remove('is-busy');
      button.removeAttribute('aria-disabled');
    }
  }
});
