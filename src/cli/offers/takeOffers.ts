/**
 * Does on this machine what programs in an attached session ask for: opens URLs, fills the terminal's clipboard. What comes may be
 * hostile; it is checked again here, and nothing of it goes through a shell.
 */
import { spawn } from "node:child_process"
import { MAX_CLIPBOARD_BYTES } from "../../contract/Limits.ts"
import type { OfferKind } from "../../contract/session/SessionTerminal.ts"
import { printable } from "../Paint.ts"
import type { Taking } from "../terminal/attachTo.ts"
import { Callbacks } from "./Callbacks.ts"
import { callbackPort, openable } from "./Url.ts"

/** Offers that are taken, and in how many milliseconds: the daemon that sends them may be somebody else's by now. */
const MAX_OFFERS = 5
const OFFERS_MS = 30_000

export interface Wanted {
  readonly "open-urls"?: boolean
  readonly clipboard?: boolean
}

export const takeOffers = (
  wanted: Wanted,
  host: string | undefined
): Taking & { readonly end: () => Promise<void> } => {
  const callbacks = host === undefined ? null : new Callbacks(host)
  const accepts: ReadonlyArray<OfferKind> = [
    ...(wanted["open-urls"] === true ? (["url"] as const) : []),
    ...(wanted.clipboard === true ? (["clipboard"] as const) : [])
  ]
  let recent: ReadonlyArray<number> = []
  const take = async (offered: unknown): Promise<string> => {
    const { data, kind, url } = (offered ?? {}) as Readonly<Record<string, unknown>>
    const now = performance.now()
    recent = recent.filter((at) => now - at < OFFERS_MS)
    if (!accepts.includes(kind as OfferKind) || recent.length >= MAX_OFFERS) return ""
    recent = [...recent, now]
    return kind === "url" ? openUrl(url, callbacks) : clipboard(data)
  }
  return { accepts, take, end: async () => callbacks?.end() }
}

const openUrl = async (offered: unknown, callbacks: Callbacks | null): Promise<string> => {
  const url = openable(offered)
  if (url === null) return line("a program wants something opened that is no web page")
  const port = callbackPort(url)
  const unreachable = port === null || callbacks === null ? null : await callbacks.open(port)
  const opened = await open(url.href)
  if (!opened) return line(`open this yourself: ${url.href}`)
  return unreachable === null ? "" : line(`what ${url.host} answers to port ${port} will not arrive: ${unreachable}`)
}

/** `$AGENTCTL_OPENER`, else what the desktop has. */
const open = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const opener = process.env.AGENTCTL_OPENER || (process.platform === "darwin" ? "open" : "xdg-open")
    const child = spawn(opener, [url], { stdio: "ignore", detached: true })
    child.once("error", () => resolve(false))
    child.once("spawn", () => {
      child.unref()
      resolve(true)
    })
  })

/** The terminal has the clipboard, wherever it is (OSC 52); one that does not know of it shows nothing. */
const clipboard = (data: unknown): string => {
  if (typeof data !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return ""
  const bytes = Buffer.from(data, "base64")
  return bytes.length > MAX_CLIPBOARD_BYTES ? "" : `\x1b]52;c;${bytes.toString("base64")}\x07`
}

const line = (text: string): string => `\r\nagentctl: ${printable(text)}\r\n`
