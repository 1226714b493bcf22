/**
 * Sound and vibration on a scan. Each can be switched off, and this device remembers it.
 */

const TONES = { found: [880, 1320], wrong: [220] };
const TONE_SECONDS = 0.09;

/** @type {AudioContext | null} */
let audio = null;

/**
 * @param {'sound' | 'vibration'} kind
 * @returns {boolean}
 */
export function isOn(kind) {
  return localStorage.getItem(`scan.${kind}`) !== 'off';
}

/** Browsers let a page sound only after a touch; the first one prepares it. */
function unlock() {
  if (!audio && 'AudioContext' in window) {
    audio = new AudioContext();
  }
  void audio?.resume();
}

/**
 * Let staff feel and hear what the scan came to.
 *
 * @param {'found' | 'wrong'} kind
 */
export function signal(kind) {
  if (isOn('vibration') && 'vibrate' in navigator) {
    navigator.vibrate(kind === 'found' ? 50 : [30, 60, 30]);
  }
  if (isOn('sound') && audio?.state === 'running') {
    TONES[kind].forEach((pitch, index) => play(pitch, index * TONE_SECONDS));
  }
}

/**
 * @param {number} pitch hertz
 * @param {number} delay seconds
 */
function play(pitch, delay) {
  if (!audio) {
    return;
  }
  const start = audio.currentTime + delay;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0.15, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_SECONDS);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + TONE_SECONDS);
}

/**
 * Make the buttons `[data-switch="sound|vibration"]` tell and change what is on.
 *
 * @param {ParentNode} root
 */
export function wireSwitches(root) {
  // Not on a key: preparing sound takes a moment, and a hardware scanner's keys follow fast.
  document.addEventListener('pointerdown', unlock);
  document.addEventListener('click', unlock);
  for (const button of root.querySelectorAll('[data-switch]')) {
    const kind = button.getAttribute('data-switch') === 'sound' ? 'sound' : 'vibration';
    const isUseless = kind === 'vibration' && !('vibrate' in navigator);
    button.toggleAttribute('hidden', isUseless);
    button.setAttribute('aria-pressed', String(isOn(kind)));
    button.addEventListener('click', () => {
      localStorage.setItem(`scan.${kind}`, isOn(kind) ? 'off' : 'on');
      button.setAttribute('aria-pressed', String(isOn(kind)));
    });
  }
}
