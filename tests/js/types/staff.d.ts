/** The counter page. */

interface AmountLimits {
  /** Decimals of the currency: 0, 2 or 3. */
  decimals: number;
  /** How many digits may stand before the point. */
  digits: number;
}

/** What the server answers to the preview address. */
interface Preview {
  figure?: string;
  why?: string;
  button?: string;
  error?: string;
}
