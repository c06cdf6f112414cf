/** What the page says, in the language that was chosen. Texts are written in English where they are used. */

import { printable } from "./text";

export type Language = "en" | "zh";
export type Translations = Record<string, string>;

const known: Translations = {};
let spoken: Language = "en";

/** Add what a view says, in Chinese; each view has its own file of them. */
export function translate(texts: Translations): void {
  Object.assign(known, texts);
}

export function speak(language: Language): void {
  spoken = language;
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

export function language(): Language {
  return spoken;
}

/** A text with its parts put in: `tell("{count} images", { count: 3 })`. Parts that users named steer nothing. */
export function tell(text: string, parts: Record<string, string | number> = {}): string {
  const whole = spoken === "zh" ? (known[text] ?? text) : text;
  return whole.replace(/\{(\w+)\}/g, (_, name: string) => printable(String(parts[name])));
}

/** A share in percent, with as many digits as tell something. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** A probability in percent; one that is not quite 1 does not read as certain. */
export function probable(probability: number): string {
  return probability < 1 && probability > 0.9995 ? `>${percent(0.999)}` : percent(probability);
}
