// Says in words that a passkey was not used; the cause (closed, timed out, unknown) is no secret to the reader.

document.addEventListener("allauth.error", (event) => {
  const trouble = document.getElementById("passkey_trouble");
  if (!trouble) return;
  event.preventDefault();
  trouble.hidden = false;
});
