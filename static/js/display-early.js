// Sets the reader's display choices before the first paint, so that nothing flashes.
(function () {
  var root = document.documentElement;
  root.setAttribute('data-js', '');
  try {
    var chosen = JSON.parse(localStorage.getItem('display') || '{}');
    ['theme', 'text', 'contrast', 'motion'].forEach(function (name) {
      if (typeof chosen[name] === 'string' && /^[a-z]+$/.test(chosen[name])) {
        root.setAttribute('data-' + name, chosen[name]);
      }
    });
  } catch (error) {
    root.setAttribute('data-js', ''); // Storage can be forbidden; the page then follows the device.
  }
})();
