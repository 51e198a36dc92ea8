/**
 * Which escape sequences a terminal answers, as if its user had typed the answer. Where several terminals are attached, one of them may:
 * in the others such a sequence is cut off before it is complete.
 *
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://sw.kovidgoyal.net/kitty/keyboard-protocol/
 */

/** Window operations that report something (CSI Ps t). */
const REPORTS = /^(?:1[1345689]|2[01])(?:;|$)/

/** Colours, fonts and the clipboard; titles may end in a question mark and ask nothing. */
const OSC_QUESTION = /^(?:4|5|1[0-9]|21|50|52|60|61|99)(?:;|$)/

/** CAN, which has a terminal forget the sequence it is reading. */
export const CANCEL = 0x18

/** `kept`: parameters and intermediates. */
export const asksCsi = (kept: string, final: number): boolean => {
  switch (final) {
    case 0x63: // c: device attributes; with ? something else
      return !kept.startsWith("?")
    case 0x6e: // n: status reports; with > the keyboard's modifiers
      return !kept.startsWith(">")
    case 0x70: // p: DECRQM
      return kept.endsWith("$")
    case 0x71: // q: XTVERSION
      return kept.startsWith(">")
    case 0x74: // t
      return REPORTS.test(kept)
    case 0x75: // u: kitty's keyboard
      return kept.startsWith("?")
    case 0x78: // x: DECREQTPARM
      return /^[01]?$/.test(kept)
    case 0x79: // y: DECRQCRA
      return kept.endsWith("*")
    case 0x77: // w: DECRQPSR
      return kept.endsWith("$")
    case 0x53: // S: graphics
      return kept.startsWith("?")
    case 0x7c: // |: DECRQLP
      return kept.endsWith("'")
    default:
      return false
  }
}

/** `kept`: its first characters, `last` its last one. */
export const asksOsc = (kept: string, last: number): boolean =>
  (last === 0x3f && OSC_QUESTION.test(kept)) || kept.startsWith("1337;Report")

/** DECRQSS and XTGETTCAP. */
export const asksDcs = (kept: string): boolean => kept.startsWith("$q") || kept.startsWith("+q")

/** The same bytes, but nothing in them is asked. */
export const unasked = (bytes: Uint8Array, questions: ReadonlyArray<number>): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  for (const at of questions) copy[at] = CANCEL
  return copy
}
