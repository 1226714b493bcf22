/**
 * The camera of this device: open, stop, switch, torch, zoom. Knows nothing of codes or pages.
 */

const REMEMBERED = 'scan.camera';
const NEAR = { width: { ideal: 1280 }, height: { ideal: 720 } };
const FAR = { width: { ideal: 1920 }, height: { ideal: 1080 } };

/**
 * Return whether this page may ask for a camera at all.
 *
 * @returns {{ isSecure: boolean, isAllowedByPolicy: boolean }}
 */
export function cameraPage() {
  const policy = /** @type {PolicyDocument} */ (document).featurePolicy;
  return {
    isSecure: window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia),
    isAllowedByPolicy: policy?.allowsFeature('camera') ?? true,
  };
}

/**
 * Return whether the person has allowed the camera before; then no gesture is needed.
 *
 * @returns {Promise<boolean>}
 */
export async function isPermitted() {
  try {
    const status = await navigator.permissions.query({
      name: /** @type {PermissionName} */ ('camera'),
    });
    return status.state === 'granted';
  } catch {
    return false; // Firefox before 132 and old Safari do not know the name.
  }
}

/**
 * Return which way a camera looks, as far as its settings and label tell.
 *
 * @param {string | undefined} facing
 * @param {string} label
 * @returns {boolean} true for one that shows the person in front of the screen
 */
export function looksAtUser(facing, label) {
  if (facing) {
    return facing === 'user';
  }
  return /front|user|facetime|integrated|webcam/i.test(label);
}

export class Camera {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.isFar = false;
    this.isTorchOn = false;
  }

  /** @returns {MediaStreamTrack | null} */
  get track() {
    return this.stream?.getVideoTracks()[0] ?? null;
  }

  /**
   * Open the camera this device used last, or the rear one.
   *
   * @param {string} [deviceId]
   */
  async open(deviceId = localStorage.getItem(REMEMBERED) ?? '') {
    this.stop();
    this.stream = await this.#request(deviceId);
    this.video.srcObject = this.stream;
    const settings = this.track?.getSettings();
    this.video.classList.toggle(
      'is-mirrored',
      looksAtUser(settings?.facingMode, this.track?.label ?? ''),
    );
    await this.video.play();
  }

  /**
   * @param {string} deviceId
   * @returns {Promise<MediaStream>}
   */
  async #request(deviceId) {
    const size = this.isFar ? FAR : NEAR;
    const rear = { video: { facingMode: { ideal: 'environment' }, ...size }, audio: false };
    if (!deviceId) {
      return navigator.mediaDevices.getUserMedia(rear);
    }
    try {
      const video = { deviceId: { exact: deviceId }, ...size };
      return await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name !== 'OverconstrainedError' && name !== 'NotFoundError') {
        throw error;
      }
      localStorage.removeItem(REMEMBERED); // That camera is no longer plugged in.
      return navigator.mediaDevices.getUserMedia(rear);
    }
  }

  /** Release the camera, so that its light goes out. */
  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.isTorchOn = false;
  }

  /**
   * Return all cameras; their names are empty until one was allowed.
   *
   * @returns {Promise<MediaDeviceInfo[]>}
   */
  async list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === 'videoinput');
  }

  /** Open the next camera of the device and remember it. */
  async switch() {
    const cameras = await this.list();
    const present = this.track?.getSettings().deviceId;
    const index = cameras.findIndex((camera) => camera.deviceId === present);
    const next = cameras[(index + 1) % cameras.length];
    if (next) {
      localStorage.setItem(REMEMBERED, next.deviceId);
      await this.open(next.deviceId);
    }
  }

  /** Change between the usual picture and a larger one that reaches further. */
  async toggleFar() {
    this.isFar = !this.isFar;
    await this.open(this.track?.getSettings().deviceId);
  }

  /**
   * Return what this camera offers besides pictures.
   *
   * @returns {{ torch: boolean, zoom: { min: number, max: number, step: number } | null }}
   */
  abilities() {
    const track = this.track;
    if (!track || !('getCapabilities' in track)) {
      return { torch: false, zoom: null };
    }
    const abilities = /** @type {LampCapabilities} */ (track.getCapabilities());
    return { torch: abilities.torch === true, zoom: abilities.zoom ?? null };
  }

  /**
   * Light the lamp or put it out. Some phones keep it lit; then the camera is opened anew.
   *
   * @param {boolean} isOn
   */
  async setTorch(isOn) {
    const track = this.track;
    const deviceId = track?.getSettings().deviceId;
    const wish = /** @type {MediaTrackConstraintSet} */ ({ torch: isOn });
    await track?.applyConstraints({ advanced: [wish] }).catch(() => undefined);
    const settings = /** @type {LampSettings | undefined} */ (track?.getSettings());
    this.isTorchOn = isOn && settings?.torch !== false;
    if (!isOn && settings?.torch === true) {
      await this.open(deviceId);
    }
  }

  /** @param {number} zoom */
  async setZoom(zoom) {
    const wish = /** @type {MediaTrackConstraintSet} */ ({ zoom });
    await this.track?.applyConstraints({ advanced: [wish] }).catch(() => undefined);
  }
}
