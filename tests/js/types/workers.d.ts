/** What the service worker and the decoder worker see; the page's own library names neither. */

/** Put before the service worker by the view that serves it. */
declare const VERSION: string;
declare const ASSETS: readonly string[];
declare const SHELL: string;

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
  readonly data?: { type?: string };
}

interface FetchingEvent extends LifeEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface WorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(
    kind: 'install' | 'activate' | 'message',
    listener: (event: LifeEvent) => void,
  ): void;
  addEventListener(kind: 'fetch', listener: (event: FetchingEvent) => void): void;
}

/** The answer to one picture. */
interface Decoded {
  id: number;
  /** '' where the picture holds no code. */
  text: string;
  engine: string;
  /** Mean brightness, 0 to 255. */
  luma: number;
  ms: number;
}

interface DecoderReady {
  /** Whether the quick engine runs: yes, refused by the browser, or not downloaded. */
  wasm: 'ok' | 'blocked' | 'lost';
  startMs: number;
}

type DecoderQuestion =
  | { type: 'start'; wasmUrl: string }
  | { type: 'read'; id: number; picture: ImageBitmap | ImageData; isStill: boolean };

interface DecoderScope {
  onmessage: ((event: { data: DecoderQuestion }) => void) | null;
  postMessage(message: Decoded | ({ type: 'ready' } & DecoderReady)): void;
}

interface DecoderLike {
  readonly isBusy: boolean;
  read(picture: ImageBitmap | ImageData, how?: { isStill?: boolean }): Promise<Decoded>;
}
