/** The scan page: its states, and what browsers know of cameras that the library does not. */

type ScanFailure = 'denied' | 'blocked' | 'missing' | 'busy' | 'insecure' | 'undecodable';
type ScanScreen = 'start' | 'asking' | 'scanning' | 'paused' | 'found' | 'offline' | ScanFailure;
type ScanHint = 'foreign' | 'damaged' | 'dark' | 'slow';
type ScanEvent =
  | 'open'
  | 'opened'
  | 'found'
  | 'again'
  | 'hidden'
  | 'shown'
  | 'clear'
  | 'offline'
  | 'online'
  | 'wasm-blocked'
  | ScanFailure
  | ScanHint;

interface ScanState {
  readonly screen: ScanScreen;
  readonly hint: ScanHint | '';
  /** The quick engine is missing and the other one reads alone. */
  readonly isSlowReader: boolean;
  /** Where to return when the network comes back. */
  readonly before: ScanScreen;
}

/** The detail of every `scan` event, whatever read the code. */
interface ScanDetail {
  source: 'camera' | 'picture' | 'typed' | 'keys';
  scanned: Scanned;
}

interface PolicyDocument extends Document {
  featurePolicy?: { allowsFeature(name: string): boolean };
}

interface LampCapabilities extends MediaTrackCapabilities {
  torch?: boolean;
  zoom?: { min: number; max: number; step: number };
}

interface LampSettings extends MediaTrackSettings {
  torch?: boolean;
}

interface Burst {
  readonly text: string;
  readonly lastMs: number;
  readonly isByHand: boolean;
}
