/**
 * Names for other machines: what the user calls a host, and how `host:session` is read.
 */

/** As sessions are named; no colon, which parts a host from its session. */
const HOST_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** `host:session`, with the session `-` (the last one) when nothing follows the colon; null when there is no host in it. */
export const splitHost = (reference: string): { readonly host: string; readonly session: string } | null => {
  const colon = reference.indexOf(":")
  if (colon < 1) return null
  return { host: reference.slice(0, colon), session: reference.slice(colon + 1) || "-" }
}

/** What a host is called when the user says nothing: the machine in `user@machine` or `ssh://user@machine:port`. */
export const hostNameOf = (target: string): string | null => {
  const machine = target
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/[:/].*$/, "")
  const name = machine.toLowerCase()
  return HOST_NAME.test(name) ? name : null
}

export const isHostName = (name: string): boolean => HOST_NAME.test(name)

/** What ssh(1) may be given as a destination. It would take a leading dash for an option, and options run commands. */
export const isTarget = (target: string): boolean => /^[^\s\0-][^\s\0]{0,254}$/.test(target)
