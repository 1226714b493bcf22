// Ties the passkey buttons to allauth's ceremony, and says in words when a passkey was not used.

const library = /** @type {any} */ (window).allauth?.webauthn?.forms;

for (const button of document.querySelectorAll('button[data-passkey]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const { passkey = '', credential, passwordless } = button.dataset;
  library?.[passkey]?.({
    ids: {
      login: button.id,
      add: button.id,
      authenticate: button.id,
      credential,
      passwordless,
      data: 'js_data',
    },
  });
}

document.addEventListener('allauth.error', (event) => {
  const trouble = document.getElementById('passkey_trouble');
  if (!trouble) return;
  event.preventDefault();
  trouble.hidden = false;
});
