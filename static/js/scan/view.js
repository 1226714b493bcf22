/**
 * What the scan page shows for a state: one screen, at most one hint, and a spoken sentence.
 */

/** @type {Readonly<Record<string, string>>} The words staff.css knows for the look of a screen. */
const LOOKS = { start: 'starting', asking: 'starting', scanning: 'looking', found: 'found' };

export class ScanView {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const video = root.querySelector('video');
    if (!video) {
      throw new Error('the scan page has no video');
    }
    this.video = video;
    this.announcer = root.querySelector('[data-announce]');
  }

  /** @param {ScanState} state */
  show(state) {
    const former = this.root.dataset['screen'];
    this.root.dataset['screen'] = state.screen;
    this.root.dataset['state'] = LOOKS[state.screen] ?? 'resting';
    this.root.toggleAttribute('data-slow-reader', state.isSlowReader);
    this.#reveal('[data-state]', 'data-state', state.screen);
    this.#reveal('[data-hint]', 'data-hint', state.hint);
    for (const notice of this.root.querySelectorAll('[data-notice="slow-reader"]')) {
      notice.toggleAttribute('hidden', !state.isSlowReader);
    }
    this.#announce(state, former !== state.screen);
  }

  /** Hold on to the picture in which the code was seen. */
  freeze() {
    const canvas = this.root.querySelector('canvas');
    const { video } = this;
    video.pause();
    if (canvas && video.videoWidth > 0) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.classList.toggle('is-mirrored', video.classList.contains('is-mirrored'));
      canvas.getContext('2d')?.drawImage(video, 0, 0);
    }
  }

  /**
   * @param {string} selector
   * @param {string} attribute
   * @param {string} wanted
   */
  #reveal(selector, attribute, wanted) {
    for (const element of this.root.querySelectorAll(selector)) {
      const names = (element.getAttribute(attribute) ?? '').split(' ');
      element.toggleAttribute('hidden', !names.includes(wanted));
    }
  }

  /**
   * @param {ScanState} state
   * @param {boolean} isNewScreen
   */
  #announce(state, isNewScreen) {
    const source = state.hint
      ? this.root.querySelector(`[data-hint~="${state.hint}"] [data-say]`)
      : this.root.querySelector(`[data-state~="${state.screen}"] [data-say]`);
    if (this.announcer && (state.hint || isNewScreen)) {
      this.announcer.textContent = source?.textContent?.trim() ?? '';
    }
  }

  /**
   * Offer what this camera can do; hide what it cannot.
   *
   * @param {{ torch: boolean, zoom: { min: number, max: number, step: number } | null }} abilities
   * @param {number} cameraCount
   */
  offer(abilities, cameraCount) {
    this.#each('[data-action="torch"]', (button) => {
      button.hidden = !abilities.torch;
    });
    this.#each('[data-action="switch"]', (button) => {
      button.hidden = cameraCount < 2;
    });
    this.#each('input[data-zoom]', (slider) => {
      const zoom = abilities.zoom;
      slider.hidden = !zoom || zoom.max <= zoom.min;
      slider.closest('label')?.toggleAttribute('hidden', slider.hidden);
      if (zoom && slider instanceof HTMLInputElement) {
        slider.min = String(zoom.min);
        slider.max = String(zoom.max);
        slider.step = String(zoom.step || 0.1);
      }
    });
  }

  /**
   * @param {string} action
   * @param {boolean} isPressed
   */
  press(action, isPressed) {
    this.#each(`[data-action="${action}"]`, (button) => {
      button.setAttribute('aria-pressed', String(isPressed));
    });
  }

  /**
   * @param {string} selector
   * @param {(element: HTMLElement) => void} change
   */
  #each(selector, change) {
    for (const element of this.root.querySelectorAll(selector)) {
      if (element instanceof HTMLElement) {
        change(element);
      }
    }
  }
}
