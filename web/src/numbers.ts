/** Numbers as they are read: a true minus sign, and no more digits than tell something. */

/** A value with a fixed number of decimals; one that would round to zero has no sign. */
export function decimal(value: number, digits = 2): string {
  const text = Math.abs(value) >= 1e5 ? value.toExponential(1) : value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A factor or summand: negative ones stand in brackets. */
export function bracketed(value: number, digits = 2): string {
  const text = decimal(value, digits);
  return text.startsWith("−") ? `(${text})` : text;
}

/** A count, in groups of three digits. */
export function whole(count: number): string {
  return count.toLocaleString("en");
}

/** 28 × 28 × 1. */
export function times(shape: number[]): string {
  return shape.map(whole).join(" × ");
}
