/** What the modules under static/js hand to one another. */

interface Scanned {
  kind: 'card' | 'claim' | 'foreign' | 'damaged';
  /** The code or token, the same however it was read; '' when there is none. */
  key: string;
  /** The path on this site to open; '' when there is none. */
  path: string;
}

/** What the card page hands to its script (`json_script` with the id `wallet-card`). */
interface CardData {
  /** An opaque word for the signed-in person; another one wipes what was kept before. */
  owner: string;
  code: string;
  /** The key of the rotating code in hexadecimal, or '' where the card shows none. */
  key: string;
  /** Scheme, host and port, as in `SITE_URL`. */
  site: string;
  /** The server's clock when the page was drawn, in milliseconds since 1970. */
  serverMs: number;
  firstName: string;
  cardName: string;
  /** The balance with its unit, as the reader would write it: "340 points". */
  balance: string;
  /** Brand colour and the text colour that stands out on it, as `#rrggbb`. */
  brand: string;
  onBrand: string;
}

interface KeptCard extends CardData {
  offset: number;
  /** When the balance was last known, in milliseconds since 1970. */
  asOfMs: number;
}

interface PollState {
  isVisible: boolean;
  isOnline: boolean;
  nowMs: number;
  /** When something last changed or someone last touched the page. */
  movedMs: number;
  failures: number;
  retryAfterMs: number;
}

interface FollowHooks {
  /** Runs in place of fetching the fragment. */
  changed?: () => void | Promise<void>;
  /** Receives what to add to this device's clock to get the server's. */
  clock?: (offsetMs: number) => void;
}
