/**
 * What a terminal has been switched to by the bytes that were written to it: the facts that `restoreSequence` decides over.
 */
export interface TerminalState {
  /** DEC private modes whose value was set, with that value. */
  readonly privateModes: ReadonlyMap<number, boolean>
  /** ANSI modes, likewise (insert, newline). */
  readonly ansiModes: ReadonlyMap<number, boolean>
  /** Which mode number brought the alternate screen; null: the main screen is shown. */
  readonly alternate: number | null
  readonly attributes: boolean
  readonly keypad: boolean
  readonly charset: boolean
  readonly cursorStyle: boolean
  readonly scrollRegion: boolean
  readonly hyperlink: boolean
  readonly title: boolean
  readonly progress: boolean
  readonly modifyOtherKeys: boolean
  /** Kitty keyboard flags: what is on the stack of each screen, and whether the current entry was changed. */
  readonly kitty: { readonly main: number; readonly alternate: number }
  /** Dynamic colours set with OSC 4, 10 to 19. */
  readonly colours: ReadonlySet<number>
  /** The bytes ended in the middle of a sequence. */
  readonly midSequence: boolean
  /** The cursor was placed by row on the main screen, so text may stand below it. */
  readonly placed: boolean
  /** The last thing printed was a newline. */
  readonly atLineStart: boolean
}
