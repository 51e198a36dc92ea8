/**
 * Finds the escape key among what is typed, and the command key after it. Pure: bytes in, actions out.
 *
 * A program may have switched the keyboard to another encoding, in which Ctrl-] no longer arrives as one byte: the
 * escape sequences of the kitty protocol and of xterm's modifyOtherKeys are understood as well.
 */
export type KeyAction =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | { readonly type: "detach" | "redraw" | "suspend" | "take" | "help" }

/** `ctrl-]` and the like; undefined for anything else, such as `none`. */
export const parseEscapeKey = (name: string): number | undefined => {
  const letter = /^(?:ctrl-|\^)([@-_a-z?])$/i.exec(name)?.[1]
  if (letter === undefined) return undefined
  return letter === "?" ? 0x7f : letter.toUpperCase().charCodeAt(0) & 0x1f
}

/** How a person writes it: `Ctrl-]`. */
export const escapeKeyName = (key: number): string =>
  key === 0x7f ? "Ctrl-?" : `Ctrl-${String.fromCharCode(key | 0x40)}`

/** `CSI code : alternatives ; modifiers : event u`, or `CSI 27 ; modifiers ; code ~`. */
const ENCODED_KEY = /^\x1b\[(?:(\d+)(?::\d*)*(?:;(\d*)(?::(\d+))?(?:;[\d:]*)?)?u|27;(\d+);(\d+)~)/
/** Characters the longest of these can have. */
const ENCODED_LENGTH = 48

const CTRL = 4
const RELEASED = 3

interface Key {
  readonly code: number
  readonly ctrl: boolean
  readonly released: boolean
  readonly length: number
}

const encodedKey = (bytes: Uint8Array, at: number): Key | undefined => {
  if (bytes[at] !== 0x1b || bytes[at + 1] !== 0x5b) return undefined
  const text = Buffer.from(bytes.subarray(at, at + ENCODED_LENGTH)).toString("latin1")
  const match = ENCODED_KEY.exec(text)
  if (match === null) return undefined
  const [all, kittyCode, kittyModifiers, event, otherModifiers, otherCode] = match
  const modifiers = Number((kittyCode === undefined ? otherModifiers : kittyModifiers) || "1") - 1
  return {
    code: Number(kittyCode ?? otherCode),
    ctrl: (modifiers & CTRL) !== 0,
    released: Number(event) === RELEASED,
    length: all.length
  }
}

export class EscapeKeyReader {
  readonly #key: number | undefined
  #armed = false

  /** Without a key everything is sent on. */
  constructor(key: number | undefined) {
    this.#key = key
  }

  feed(bytes: Uint8Array): ReadonlyArray<KeyAction> {
    if (this.#key === undefined) return [{ type: "send", bytes }]
    const actions: Array<KeyAction> = []
    let from = 0
    let at = 0
    const send = (to: number) => {
      if (to > from) actions.push({ type: "send", bytes: bytes.subarray(from, to) })
    }
    while (at < bytes.length) {
      const key = encodedKey(bytes, at)
      const length = key?.length ?? 1
      const isEscape = key === undefined ? bytes[at] === this.#key : this.#matches(key)
      if (this.#armed) {
        // The release of the escape key itself, and of its modifier, says nothing.
        if (key?.released) {
          at += length
          from = at
          continue
        }
        this.#armed = false
        const action = isEscape ? "send" : command(key === undefined ? bytes[at]! : key.code)
        // In the encoding the program asked for, if it is not the plain byte.
        if (action === "send") actions.push({ type: "send", bytes: bytes.subarray(at, at + length) })
        else actions.push({ type: action })
        at += length
        from = at
      } else if (isEscape && key?.released !== true) {
        send(at)
        this.#armed = true
        at += length
        from = at
      } else at += length
    }
    send(bytes.length)
    return actions
  }

  #matches(key: Key): boolean {
    return key.ctrl && (upper(key.code) === (this.#key! | 0x40) || upper(key.code) === this.#key)
  }
}

/** Codes of ASCII letters without their case; others as they are. */
const upper = (code: number): number => (code >= 0x61 && code <= 0x7a ? code - 0x20 : code)

const command = (code: number): "detach" | "redraw" | "suspend" | "take" | "help" => {
  // The control key may still be down: Ctrl-] Ctrl-D is meant like Ctrl-] d.
  const letter = upper(code < 0x20 ? code | 0x40 : code)
  return letter === 0x44
    ? "detach"
    : letter === 0x52
      ? "redraw"
      : letter === 0x5a
        ? "suspend"
        : letter === 0x57
          ? "take"
          : "help"
}
