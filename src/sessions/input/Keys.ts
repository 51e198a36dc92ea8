/**
 * Keys by name, as the bytes a terminal sends for them. Names and combinations are those of tmux(1), "KEY BINDINGS"; sequences are
 * xterm's ("PC-Style Function Keys"). Pure.
 */

/** What a program has switched the terminal to, as far as keys depend on it. */
export interface KeyModes {
  /** DECCKM: arrows, Home and End come as SS3. */
  readonly applicationCursor: boolean
  /** Pasted text is marked as such. */
  readonly bracketedPaste: boolean
}

/** A terminal that nothing was switched in. */
export const FRESH: KeyModes = { applicationCursor: false, bracketedPaste: false }

const ESC = "\x1b"

/** Keys that end in a letter of their own; with a modifier `CSI 1 ; m X`. */
const LETTERS: Readonly<Record<string, string>> = {
  Up: "A",
  Down: "B",
  Right: "C",
  Left: "D",
  End: "F",
  Home: "H",
  F1: "P",
  F2: "Q",
  F3: "R",
  F4: "S"
}

/** Keys with a number: `CSI n ~`, with a modifier `CSI n ; m ~`. */
const NUMBERS: Readonly<Record<string, number>> = {
  IC: 2,
  Insert: 2,
  DC: 3,
  Delete: 3,
  PPage: 5,
  PageUp: 5,
  PgUp: 5,
  NPage: 6,
  PageDown: 6,
  PgDn: 6,
  F5: 15,
  F6: 17,
  F7: 18,
  F8: 19,
  F9: 20,
  F10: 21,
  F11: 23,
  F12: 24
}

/** Keys that are a character. */
const CHARACTERS: Readonly<Record<string, string>> = {
  Enter: "\r",
  Tab: "\t",
  Escape: ESC,
  Esc: ESC,
  Space: " ",
  BSpace: "\x7f",
  Backspace: "\x7f"
}

const SHIFT = 1
const META = 2
const CTRL = 4
const MODIFIERS: Readonly<Record<string, number>> = { S: SHIFT, M: META, C: CTRL }

/** Null: there is no such key, or no terminal can tell that combination. */
export const encodeKey = (name: string, modes: KeyModes): string | null => {
  let rest = name
  let modifiers = 0
  for (let match = /^([CMS])-(?=.)/su.exec(rest); match !== null; match = /^([CMS])-(?=.)/su.exec(rest)) {
    modifiers |= MODIFIERS[match[1]!]!
    rest = rest.slice(2)
  }
  if (/^\^.$/su.test(rest)) {
    modifiers |= CTRL
    rest = rest.slice(1)
  }
  if (rest === "BTab" || (rest === "Tab" && modifiers === SHIFT)) return modifiers & ~SHIFT ? null : `${ESC}[Z`
  const parameter = modifiers + 1
  if (Object.hasOwn(LETTERS, rest)) {
    const letter = LETTERS[rest]!
    if (modifiers > 0) return `${ESC}[1;${parameter}${letter}`
    return /^F\d$/.test(rest) || modes.applicationCursor ? `${ESC}O${letter}` : `${ESC}[${letter}`
  }
  if (Object.hasOwn(NUMBERS, rest)) return `${ESC}[${NUMBERS[rest]}${modifiers > 0 ? `;${parameter}` : ""}~`
  const character = Object.hasOwn(CHARACTERS, rest) ? CHARACTERS[rest]! : [...rest].length === 1 ? rest : null
  // Shift with a character is another character.
  if (character === null || modifiers & SHIFT) return null
  const typed = modifiers & CTRL ? control(character) : character
  return typed === null ? null : `${modifiers & META ? ESC : ""}${typed}`
}

/** Whether it is sent otherwise in another mode. */
export const dependsOnModes = (name: string): boolean =>
  encodeKey(name, FRESH) !== encodeKey(name, { ...FRESH, applicationCursor: true })

/** What the control key makes of a character. */
const control = (character: string): string | null => {
  if (character === "\x7f") return "\b"
  if (character === " ") return "\0"
  if (character === "?") return "\x7f"
  const upper = character.toUpperCase()
  return /^[@-_]$/.test(upper) ? String.fromCharCode(upper.charCodeAt(0) & 0x1f) : null
}

/** Text as a terminal pastes it: line ends are those of the Enter key, and nothing in it can end the paste. */
export const encodePaste = (text: string, { bracketedPaste }: KeyModes): string => {
  const lines = text.replace(/\r\n|\n/g, "\r")
  return bracketedPaste ? `${ESC}[200~${lines.replaceAll(ESC, "")}${ESC}[201~` : lines
}
