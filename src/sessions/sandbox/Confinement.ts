/**
 * Which sandbox a session gets: the profile it asks for or the configured one, with the paths that it means here.
 */
import { realpathSync } from "node:fs"
import { Effect } from "effect"
import { Settings } from "../../config/Settings.ts"
import { InvalidParams, NotAllowed } from "../../contract/errors/Errors.ts"
import { OPEN, type SandboxProfile } from "../../contract/session/Sandbox.ts"
import { Directories } from "../../host/files/Directories.ts"
import { Environment } from "../../host/self/Environment.ts"
import { cannotName, findWorkTree, type WorkTree } from "./WorkTree.ts"

/** What a session is shut off from, here. */
export interface Confinement {
  readonly name: string
  readonly profile: SandboxProfile
  readonly home: string
  /** The user's runtime directory: sockets of the service manager, the message bus, agents for keys. */
  readonly runtime: string
  /** The daemon's socket. */
  readonly socket: string
  readonly tree: WorkTree
}

/** The name that counts; a locked one is the only one, unless it is `open`. */
export const decideSandbox = (
  asked: string | undefined,
  configured: string,
  locked: boolean,
  clamp: boolean
): { readonly name: string } | { readonly lockedAt: string } => {
  if (asked === undefined || asked === configured || !locked || configured === OPEN)
    return { name: asked ?? configured }
  return clamp ? { name: configured } : { lockedAt: configured }
}

/** `clamp`: a session that is started again has the locked profile now, whatever it had before. */
export const sandboxFor = Effect.fnUntraced(function* (asked: string | undefined, clamp: boolean, cwd: string) {
  const settings = yield* Settings
  const place = (yield* settings.locked).get("session.sandbox")
  const decided = decideSandbox(asked, (yield* settings.current).session.sandbox, place !== undefined, clamp)
  if ("lockedAt" in decided) {
    return yield* new NotAllowed({
      reason: `session.sandbox is locked at "${decided.lockedAt}" by ${place}. Ask for that, or leave it out.`
    })
  }
  const { name } = decided
  const profile = yield* settings.profile(name)
  return { name, confinement: profile === null ? null : yield* confine(name, profile, cwd) }
})

const confine = Effect.fnUntraced(function* (name: string, profile: SandboxProfile, cwd: string) {
  const { config, runtime, socket, state } = yield* Directories
  // Not the home that whoever asks names: they could name another one, and have the real one opened.
  const { HOME = "/", XDG_RUNTIME_DIR } = (yield* Environment).own
  const home = realPath(HOME)
  const own = XDG_RUNTIME_DIR ?? runtime
  const tree = findWorkTree(cwd, [home, own, runtime, state, config].map(realPath))
  if (tree === null) {
    return yield* new InvalidParams({
      field: "cwd",
      reason: `in the sandbox "${name}" a session may write to the directory it works in, and ${cwd} is or holds your home or agentd's own files; start it in a project's directory`
    })
  }
  if ([tree.root, tree.git ?? "", home, own].some(cannotName)) {
    return yield* new InvalidParams({
      field: "cwd",
      reason: `systemd makes no sandbox around a path with quotes or control characters; call the directory otherwise, or start the session with the sandbox "open"`
    })
  }
  return { name, profile, home, runtime: own, socket, tree } satisfies Confinement
})

const realPath = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
