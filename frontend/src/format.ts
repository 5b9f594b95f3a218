// Numbers as a reader gets them: always with their unit, thousands apart.
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MINUS = "−";

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : whole.format(value).replace("-", MINUS);
}

/** Milliseconds up to 10 s, seconds up to 3 minutes, minutes beyond; three digits that mean something. */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : "";
  if (size >= 180_000) return `${sign}${(size / 60_000).toFixed(1)} min`;
  if (size >= 9999.5) return `${sign}${(size / 1000).toFixed(1)} s`;
  if (size >= 99.95) return `${sign}${whole.format(size)} ms`;
  if (size >= 9.995) return `${sign}${size.toFixed(1)} ms`;
  if (size === 0) return "0 ms";
  if (size < 0.005) return `${sign}<0.01 ms`;
  return `${sign}${size.toFixed(2)} ms`;
}

/** What a change takes off (−) or puts on (+). */
export const change = (saved: number) => (saved < 0 ? `+${ms(-saved)}` : `${MINUS}${ms(saved)}`);

export const us = (value: number) => ms(value / 1000);

export const times = (value: number) => `×${whole.format(value)}`;

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  return value > 0 && value < 1 ? "<1 %" : `${whole.format(value)} %`;
}

/** How many times less: "16.7× less"; near one the difference of two counts, "1 less", or "no change". */
export function factor(before: number, after: number): string {
  if (before > 0 && after === 0) return "none left";
  if (after <= 0 || before <= 0) return before === after ? "no change" : "";
  const ratio = before / after;
  if (ratio >= 1.05) return `${ratio >= 100 ? whole.format(ratio) : ratio.toFixed(1)}× less`;
  if (ratio <= 0.95) return `${(1 / ratio).toFixed(1)}× more`;
  if (before !== after && Number.isInteger(before) && Number.isInteger(after))
    return `${whole.format(Math.abs(before - after))} ${after < before ? "less" : "more"}`;
  return "no change";
}

export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
