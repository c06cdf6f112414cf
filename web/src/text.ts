/** What users and their data call things, as it is shown: what would be obeyed and not seen is written out. */

const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** A line end parts lines; letters of many scripts, and emoji, are not themselves without their joiners. */
const KEPT = new Set(["\n", "\u200c", "\u200d"]);

/** A text whose control characters and marks of direction are written out, as in \x1b or \u202e; as pellucid.text has it. */
export function printable(text: string): string {
  return text.replace(STEERING, (character) => (KEPT.has(character) ? character : written(character.codePointAt(0)!)));
}

function written(code: number): string {
  const [letter, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).padStart(digits as number, "0")}`;
}
