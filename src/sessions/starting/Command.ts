/**
 * Finds the program a session is to run, the way a shell would, and says precisely why it cannot be run.
 */
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, isAbsolute, resolve } from "node:path"
import { Effect } from "effect"
import { BadDirectory, CommandNotExecutable, CommandNotFound } from "../../contract/errors/Errors.ts"

/** What POSIX calls the default path: used when the environment has none (execvp(3)). */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

type Found = "executable" | "no" | "absent"

const look = (path: string): Found => {
  try {
    if (!statSync(path).isFile()) return "no"
    accessSync(path, constants.X_OK)
    return "executable"
  } catch (cause) {
    return ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "") ? "absent" : "no"
  }
}

/** The program's absolute path. A name with a slash is relative to `cwd`; any other is looked up in `path`. */
export const resolveCommand = (
  command: string,
  cwd: string,
  path: string | undefined
): Effect.Effect<string, CommandNotFound | CommandNotExecutable> =>
  Effect.suspend(() => {
    const candidates = command.includes("/")
      ? [resolve(cwd, command)]
      : (path ?? DEFAULT_PATH).split(delimiter).map((directory) => resolve(cwd, directory, command))
    const found = candidates.map((candidate) => ({
      candidate,
      is: command === "" ? ("absent" as const) : look(candidate)
    }))
    const good = found.find(({ is }) => is === "executable")
    if (good !== undefined) return Effect.succeed(good.candidate)
    const bad = found.find(({ is }) => is === "no")
    return Effect.fail(
      bad === undefined ? new CommandNotFound({ command }) : new CommandNotExecutable({ command: bad.candidate })
    )
  })

/** The directory a program is started in must exist, be one, and be enterable. */
export const checkDirectory = (path: string): Effect.Effect<string, BadDirectory> =>
  Effect.suspend(() => {
    const bad = (reason: string) => Effect.fail(new BadDirectory({ path, reason }))
    if (!isAbsolute(path)) return bad("it must be an absolute path")
    try {
      if (!statSync(path).isDirectory()) return bad("it is not a directory")
      accessSync(path, constants.X_OK)
      return Effect.succeed(path)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      return bad(code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "you may not enter it" : `${code}`)
    }
  })
