/**
 * Files that `agentctl service install` writes for a supervisor: marked, so that what somebody else wrote is neither overwritten nor
 * removed.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"

export const MARK = 'Written by "agentctl service install"'

const isOurs = (file: string): boolean => readFileSync(file, "utf8").includes(MARK)

/** All or none: whether they may be written is looked at first. */
export const writeOwn = (files: Readonly<Record<string, string>>): void => {
  const foreign = Object.keys(files).find((file) => existsSync(file) && !isOurs(file))
  if (foreign !== undefined)
    throw new CommandFailed(`${foreign} exists and was not written by agentctl: move it away first`, ExitCode.Conflict)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** Removes those of ours, and the folder of drop-ins they leave empty; returns what was removed. */
export const removeOwn = (files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const removed = files.filter((file) => existsSync(file) && isOurs(file))
  for (const file of removed) {
    rmSync(file)
    if (!dirname(file).endsWith(".d")) continue
    try {
      rmdirSync(dirname(file))
    } catch {
      // Somebody's own drop-ins are in it.
    }
  }
  return removed
}
