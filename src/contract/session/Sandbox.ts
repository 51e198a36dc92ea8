/**
 * Sandbox profiles: what a session is shut off from. Two are built in; an administrator's lie in `/etc/agentd/sandbox.d/NAME.toml`.
 *
 * What a file does not say is as in `workspace`, so that a profile opens only what it names.
 */
import { Schema } from "effect"
import { CONTROL } from "../text/Characters.ts"

/** Name of a profile; also the name of its file. */
export const SandboxName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9._-]{0,63}$/u, {
    expected: "1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit"
  })
).annotate({ title: "sandbox profile" })

/** The profile that shuts nothing off. */
export const OPEN = "open"

const Paths = Schema.Array(
  Schema.String.check(
    Schema.isPattern(new RegExp(`^(~|~?/[^"'${CONTROL}]*)$`, "u")),
    Schema.isPattern(/^(?!.*\/\.\.(\/|$))/u)
  )
).check(Schema.isMaxLength(64))
const paths = 'a list of paths that begin with "/" or "~/" and hold no ".." and no quotes'
const yesOrNo = "true or false"

/** Every key of a profile's file. */
export const profileKeys = {
  description: { schema: Schema.String.check(Schema.isMaxLength(200)), expected: "at most 200 characters" },
  /** The user's home: all of it, to be read only, or an empty directory in its place. */
  home: { schema: Schema.Literals(["open", "read-only", "empty"]), expected: '"open", "read-only" or "empty"' },
  /** Everything that is not a home. */
  system: { schema: Schema.Literals(["open", "read-only"]), expected: '"open" or "read-only"' },
  /** The directory it starts in, or the git working tree around that, with the git directory that belongs to it. */
  work_tree: { schema: Schema.Literals(["read-write", "read-only"]), expected: '"read-write" or "read-only"' },
  /** Hooks and settings of that git directory stay read-only: git runs what they name, outside of the sandbox too. */
  protect_git: { schema: Schema.Boolean, expected: yesOrNo },
  network: { schema: Schema.Boolean, expected: yesOrNo },
  private_tmp: { schema: Schema.Boolean, expected: yesOrNo },
  /** agentd's socket: whoever reaches it may do all that the user may, and start sessions outside of any sandbox. */
  daemon: { schema: Schema.Boolean, expected: yesOrNo },
  read_write: { schema: Paths, expected: paths },
  read_only: { schema: Paths, expected: paths },
  hidden: { schema: Paths, expected: paths }
} as const

type Keys = typeof profileKeys
export type SandboxProfile = { readonly [K in keyof Keys]: Keys[K]["schema"]["Type"] }

export const workspace: SandboxProfile = {
  description: "Home and system read-only but the working tree; no network; a temporary directory of its own.",
  home: "read-only",
  system: "read-only",
  work_tree: "read-write",
  protect_git: true,
  network: false,
  private_tmp: true,
  daemon: false,
  read_write: [],
  read_only: [],
  hidden: []
}

/** The names no file may have. */
export const builtInProfiles: ReadonlyMap<string, SandboxProfile | null> = new Map([
  [OPEN, null],
  ["workspace", workspace]
])
