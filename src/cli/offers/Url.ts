/** URLs that a program elsewhere wants opened here: which are, and where a sign-in's call-back would go. Pure. */
import { MAX_URL_BYTES } from "../../contract/Limits.ts"

/** Null for anything that a browser should not be given. */
export const openable = (offered: unknown): URL | null => {
  if (typeof offered !== "string" || Buffer.byteLength(offered) > MAX_URL_BYTES) return null
  if (/[\s\p{Cc}]/u.test(offered)) return null
  const url = URL.parse(offered)
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") ? url : null
}

/** Ports below belong to the system: no program of a user's listens there. */
const FIRST_PORT = 1024

/** The port of this very machine that the page will come back to when a sign-in is done (RFC 8252, section 7.3). */
export const callbackPort = (url: URL): number | null => {
  const back = url.searchParams.get("redirect_uri") ?? url.searchParams.get("redirect_url")
  const target = back === null ? null : URL.parse(back)
  if (target?.protocol !== "http:" || (target.hostname !== "localhost" && target.hostname !== "127.0.0.1")) return null
  const port = Number(target.port)
  return port >= FIRST_PORT ? port : null
}
