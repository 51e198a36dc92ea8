/**
 * Where a repository is exchanged: the address of its remote, as far as it is one that may be used.
 */
import { dirname, isAbsolute, resolve } from "node:path"
import { Effect } from "effect"
import { Conflict } from "../contract/errors/Errors.ts"
import { Git } from "../host/git/Git.ts"

export type Address = { readonly ok: string } | { readonly refused: string }

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
/** `host:path` of ssh, with a user or without. */
const SCP = /^([^/:@\s]+@)?[^/:@\s]+:(?!\/\/)\S/
const SCHEMES = new Set(["https", "http", "ssh", "git", "file"])

/** `top`: the directory that a relative path begins at. */
export const addressOf = (url: string, top: string): Address => {
  if (/[\p{Cc}\s]/u.test(url) || url.startsWith("-") || url.includes("::")) {
    return { refused: "it is no address that agentd hands to git" }
  }
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined) {
    if (!SCHEMES.has(scheme)) return { refused: `agentd does not speak ${scheme}` }
    const user = /^[^/]*\/\/([^/@]*)@/.exec(url)?.[1] ?? ""
    if (user.includes(":")) {
      return {
        refused:
          "it holds a password, which would be visible to every process. Let a credential helper keep it (gitcredentials(7)), and take it out with git remote set-url"
      }
    }
    return { ok: url }
  }
  if (isAbsolute(url)) return { ok: url }
  return SCP.test(url) ? { ok: url } : { ok: resolve(top, url) }
}

/** Whether an address that `addressOf` let pass is a path, and no other machine's git is asked. */
export const isOnThisMachine = (url: string): boolean => isAbsolute(url) || /^file:\/\//i.test(url)

/** `unknown`: git could not be asked, which says nothing of the repository. */
type Named = Address | { readonly unknown: string }

/** What a repository, by its common git directory, has for a remote of this name. */
export const namedRemote = Effect.fn("Sync.namedRemote")(function* (common: string, name: string) {
  const git = yield* Git
  return yield* Effect.match(git.ask(common, ["remote", "get-url", "--", name]), {
    onFailure: ({ reason }): Named =>
      /No such remote/i.test(reason)
        ? {
            refused: `The repository ${common} has no remote called ${name}. "git remote add ${name} URL" gives it one; until then everything stays on this machine.`
          }
        : { unknown: `git cannot be asked about ${common}: ${reason}` },
    onSuccess: (said): Named => {
      const top = common.endsWith("/.git") ? dirname(common) : common
      const address = addressOf(said.split("\n")[0]!, top)
      if ("ok" in address) return address
      return { refused: `The remote ${name} of ${common} cannot be used: ${address.refused}.` }
    }
  })
})

/** The address of a repository's remote. */
export const remoteOf = Effect.fn("Sync.remoteOf")(function* (common: string, name: string) {
  const named = yield* namedRemote(common, name)
  if ("ok" in named) return named.ok
  return yield* new Conflict({ reason: "refused" in named ? named.refused : named.unknown })
})
