/**
 * The decision what to write so that a terminal is as it was before: a pure function over what has been seen.
 *
 * It undoes what was switched on, adds what is harmless everywhere in case something was missed, and never clears a line.
 */
import type { TerminalState } from "./TerminalState.ts"

const CSI = "\x1b["
const OSC = "\x1b]"
const ST = "\x1b\\"

/** What each private mode is in a terminal nobody has touched, for the modes that may be put back blindly. */
const defaults: ReadonlyMap<number, boolean> = new Map([
  [1, false], // application cursor keys
  [5, false], // reverse video
  [7, true], // autowrap
  [9, false], // X10 mouse
  [25, true], // cursor shown
  [45, false], // reverse wraparound
  [66, false], // application keypad
  [1000, false], // mouse: press and release
  [1001, false], // mouse: highlight
  [1002, false], // mouse: drag
  [1003, false], // mouse: every movement
  [1004, false], // focus events
  [1005, false], // mouse encoding: UTF-8
  [1006, false], // mouse encoding: SGR
  [1015, false], // mouse encoding: urxvt
  [1016, false], // mouse encoding: pixels
  [2004, false], // bracketed paste
  [2031, false], // colour scheme reports
  [2048, false] // resize reports
])

/** Put back even if nothing was seen: each is what every terminal starts with, and unknown ones are ignored. */
const always = [1, 7, 25, 1000, 1002, 1003, 1004, 1006, 2004]

export interface RestoreOptions {
  /** The title was pushed on the terminal's stack when the program first set one. */
  readonly titlePushed: boolean
  /** A terminal that understands escape sequences at all. */
  readonly capable: boolean
}

export const restoreSequence = (state: TerminalState, options: RestoreOptions): string => {
  const out: Array<string> = []
  // A terminal in the middle of a string would swallow everything that follows.
  if (state.midSequence) out.push("\x18", ST)
  // Synchronised output freezes the picture until it is ended.
  if (state.privateModes.get(2026)) out.push(`${CSI}?2026l`)
  if (state.hyperlink) out.push(`${OSC}8;;${ST}`)
  if (state.ansiModes.get(4)) out.push(`${CSI}4l`)
  if (state.ansiModes.get(20)) out.push(`${CSI}20l`)

  // Leaving the alternate screen brings back what was saved on entering it, so a mode that was ever set may be on again.
  const origin = state.alternate === null ? state.privateModes.get(6) === true : state.privateModes.has(6)
  const margins = state.privateModes.get(69) === true
  if (state.alternate !== null) {
    // Some terminals keep these per screen, some do not: they are undone on both.
    if (state.scrollRegion) out.push(`${CSI}r`)
    if (state.kitty.alternate > 0) out.push(`${CSI}<${state.kitty.alternate}u`)
    out.push(`${CSI}?${state.alternate}l`)
  }
  if (state.kitty.main > 0) out.push(`${CSI}<${state.kitty.main}u`)
  if (margins) out.push(`${CSI}?69l`)
  if (origin) out.push(`${CSI}?6l`)
  // Setting the region moves the cursor home, hence saved and restored around it.
  if (state.scrollRegion) out.push(`\x1b7${CSI}r\x1b8`)

  // Last of what a restored cursor brings along.
  if (state.charset || options.capable) out.push("\x1b(B\x0f")
  if (state.attributes || options.capable) out.push(`${CSI}m`)

  for (const [mode, normal] of defaults) {
    const now = state.privateModes.get(mode)
    if ((now !== undefined && now !== normal) || (options.capable && always.includes(mode))) {
      out.push(`${CSI}?${mode}${normal ? "h" : "l"}`)
    }
  }
  if (state.keypad || options.capable) out.push("\x1b>")
  if (state.cursorStyle) out.push(`${CSI}0 q`)
  if (state.modifyOtherKeys) out.push(`${CSI}>4m`)
  if (state.progress) out.push(`${OSC}9;4;0${ST}`)
  for (const colour of state.colours) out.push(`${OSC}${colour + 100}${ST}`)
  if (options.titlePushed) out.push(`${CSI}23;0t`)
  return out.join("")
}

/** Remembers the title (and icon name) on the terminal's own stack; terminals without one ignore it. */
export const PUSH_TITLE = `${CSI}22;0t`

/**
 * Takes the cursor to where a line of ours may begin without writing over the program's text.
 *
 * After a detach, text may stand below the cursor, so the screen's last line is taken; a program that ended has left the
 * cursor where it wants the next prompt.
 */
export const toFreshLine = (state: TerminalState, ended: boolean): string => {
  if (!ended && state.alternate === null && state.placed) return `${CSI}999;1H\r\n`
  return state.alternate === null && state.atLineStart ? "\r" : "\r\n"
}

/**
 * What comes before a snapshot. The first one moves what the user had on the screen into the scrollback, a line at a time;
 * later ones replace the session's own picture.
 */
export const beforeSnapshot = (state: TerminalState, first: boolean, rows: number): string =>
  first
    ? `${CSI}${rows};1H${"\n".repeat(rows)}${CSI}H`
    : `${restoreSequence(state, { titlePushed: false, capable: true })}${CSI}H${CSI}J`
