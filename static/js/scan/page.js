/**
 * The scan page: starts the decoder, opens the camera, reads frames, opens the page of a code.
 *
 * `<main data-scan data-worker-url data-wasm-url data-hosts>` holds everything; the screens and
 * their texts are in templates/staff/scan.html, the transitions in states.js.
 */

import { parseScan } from '../codes.js';
import { Camera, cameraPage, isPermitted } from './camera.js';
import { Decoder } from './decoder.js';
import { emitScan, onScan, openScanned, ownHosts } from './event.js';
import { readFrames } from './frames.js';
import { wirePicture } from './picture.js';
import { signal, wireSwitches } from './signal.js';
import { DARK_LUMA, FIRST_STATE, advice, cameraFailure, isRepeat, nextState } from './states.js';
import { wireTypedCode } from './typed.js';
import { ScanView } from './view.js';
import { listenForKeys } from './wedge.js';

const LAST_CODE = 'scan.last';
const HINT_MS = 4000;

class ScanPage {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.hosts = ownHosts(root.dataset['hosts']);
    this.view = new ScanView(root);
    this.camera = new Camera(this.view.video);
    this.decoder = this.#startDecoder();
    this.state = FIRST_STATE;
    /** @type {() => void} */
    this.stopReading = () => undefined;
    /** Each opening has a number, so that a late answer of an earlier one is recognised. */
    this.opening = 0;
    /** @type {{ darkSinceMs: number | null, startedMs: number }} */
    this.run = { darkSinceMs: null, startedMs: 0 };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.hintTimer = undefined;
  }

  #startDecoder() {
    const { workerUrl = '', wasmUrl = '' } = this.root.dataset;
    const decoder = new Decoder({ workerUrl, wasmUrl });
    decoder.ready.then(
      ({ wasm }) => wasm !== 'ok' && this.happen('wasm-blocked'),
      () => this.happen('undecodable'),
    );
    return decoder;
  }

  async start() {
    this.view.show(this.state);
    this.#wire();
    if (!cameraPage().isSecure) {
      this.happen('insecure');
    } else if (!navigator.onLine) {
      this.happen('offline');
    } else if (!cameraPage().isAllowedByPolicy) {
      this.happen('blocked');
    } else if (await isPermitted()) {
      this.happen('open');
    }
  }

  #wire() {
    wireSwitches(this.root);
    listenForKeys(this.hosts);
    onScan((detail) => this.take(detail));
    for (const form of this.root.querySelectorAll('form[data-typed-code]')) {
      wireTypedCode(/** @type {HTMLFormElement} */ (form), this.hosts);
    }
    const picture = this.root.querySelector('input[data-picture]');
    const result = this.root.querySelector('[data-picture-result]');
    if (picture instanceof HTMLInputElement && result instanceof HTMLElement) {
      wirePicture(picture, result, this.decoder, this.hosts);
    }
    this.root.addEventListener('click', (event) => this.#click(event));
    this.root.querySelector('input[data-zoom]')?.addEventListener('input', (event) => {
      void this.camera.setZoom(Number(/** @type {HTMLInputElement} */ (event.target).value));
    });
    document.addEventListener('visibilitychange', () => {
      this.happen(document.visibilityState === 'hidden' ? 'hidden' : 'shown');
    });
    window.addEventListener('offline', () => this.happen('offline'));
    window.addEventListener('online', () => this.happen('online'));
    window.addEventListener('pageshow', (event) => event.persisted && this.happen('again'));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = event.target instanceof Element ? event.target.closest('[data-action]') : null;
    switch (button?.getAttribute('data-action')) {
      case 'open':
        return this.happen('open');
      case 'reload':
        return location.reload();
      case 'torch':
        return void this.#toggleTorch();
      case 'switch':
        return void this.#reopen(() => this.camera.switch());
      case 'far':
        return void this.#reopen(() => this.camera.toggleFar());
      default:
        return undefined;
    }
  }

  /**
   * Let something happen: find the new state, show it, and do what it asks for.
   *
   * @param {ScanEvent} event
   */
  happen(event) {
    const former = this.state;
    this.state = nextState(former, event);
    if (this.state === former) {
      return;
    }
    this.view.show(this.state);
    if (this.state.screen !== former.screen) {
      this.#enter(this.state.screen);
    }
  }

  /** @param {ScanScreen} screen */
  #enter(screen) {
    if (screen === 'asking') {
      void this.#reopen(() => this.camera.open());
    } else if (screen === 'found') {
      this.stopReading();
      this.view.freeze();
    } else if (screen !== 'scanning') {
      this.#close();
      if (screen === 'start') {
        void this.#openIfPermitted();
      }
    }
  }

  async #openIfPermitted() {
    if (await isPermitted()) {
      this.happen('open');
    }
  }

  #close() {
    this.opening += 1;
    this.stopReading();
    this.camera.stop();
  }

  /**
   * Open a camera the given way and read from it.
   *
   * @param {() => Promise<void>} open
   */
  async #reopen(open) {
    this.opening += 1;
    const opening = this.opening;
    this.stopReading();
    try {
      await open();
      if (opening !== this.opening) {
        return;
      }
      this.view.press('torch', this.camera.isTorchOn);
      this.view.press('far', this.camera.isFar);
      const cameras = await this.camera.list();
      this.view.offer(this.camera.abilities(), cameras.length);
      await this.decoder.ready;
      if (opening === this.opening) {
        this.happen('opened');
        this.#read();
      }
    } catch (error) {
      this.#fail(opening, error);
    }
  }

  /**
   * @param {number} opening
   * @param {unknown} error
   */
  #fail(opening, error) {
    // A play() that a newer opening interrupts is no failure of the camera.
    if (opening === this.opening) {
      const named = error instanceof Error || error instanceof DOMException ? error : { name: '' };
      const isDecoder = named.name === 'Error';
      this.happen(isDecoder ? 'undecodable' : cameraFailure(named, cameraPage()));
    }
  }

  #read() {
    this.run = { darkSinceMs: null, startedMs: performance.now() };
    // A camera that is pulled out or taken away ends its track.
    this.camera.track?.addEventListener('ended', () => this.happen('busy'));
    this.stopReading = readFrames(this.view.video, this.decoder, {
      read: (found) => this.#frame(found),
      lost: () => this.happen('undecodable'),
    });
  }

  /** @param {Decoded} found */
  #frame(found) {
    const nowMs = performance.now();
    if (found.text) {
      this.run.startedMs = nowMs;
      emitScan('camera', parseScan(found.text, this.hosts));
      return;
    }
    this.run.darkSinceMs = found.luma < DARK_LUMA ? (this.run.darkSinceMs ?? nowMs) : null;
    const hint = advice({ ...this.run, nowMs });
    if (hint) {
      this.happen(hint);
    } else if (this.state.hint === 'dark') {
      this.happen('clear');
    }
  }

  async #toggleTorch() {
    await this.camera.setTorch(!this.camera.isTorchOn);
    this.view.press('torch', this.camera.isTorchOn);
    this.happen('clear');
  }

  /**
   * Take a code, whatever read it.
   *
   * @param {ScanDetail} detail
   */
  take({ source, scanned }) {
    if (scanned.path === '') {
      this.#hint(scanned.kind === 'damaged' ? 'damaged' : 'foreign');
    } else if (source !== 'camera' || !isRepeat(lastCode(), scanned.key, Date.now())) {
      sessionStorage.setItem(LAST_CODE, JSON.stringify({ key: scanned.key, atMs: Date.now() }));
      this.happen('found');
      signal('found');
      openScanned(scanned);
    }
  }

  /** @param {'foreign' | 'damaged'} hint */
  #hint(hint) {
    if (this.state.hint !== hint) {
      signal('wrong');
      this.happen(hint);
    }
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => this.happen('clear'), HINT_MS);
  }
}

/**
 * @returns {{ key: string, atMs: number } | null}
 */
function lastCode() {
  return JSON.parse(sessionStorage.getItem(LAST_CODE) ?? 'null');
}

const root = document.querySelector('[data-scan]');
if (root instanceof HTMLElement) {
  void new ScanPage(root).start();
}
