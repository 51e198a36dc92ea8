/** The configuration in force, against what the files say by now. */
import { Effect } from "effect"
import { Settings } from "../../config/Settings.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { readableWord } from "../../contract/text/ShellWord.ts"

interface OnDisk {
  /** Each names file, line, key and what was expected; `file` is a variable's name for what the environment sets. */
  readonly problems: ReadonlyArray<{ readonly file: string; readonly message: string }>
  readonly changed: ReadonlyArray<string>
  readonly restart: ReadonlyArray<string>
}

export const judgeConfiguration = (files: ReadonlyArray<string>, { changed, problems, restart }: OnDisk): Finding => {
  const [first] = problems
  if (first !== undefined) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ""
    const fix = first.file.startsWith("/")
      ? `agentctl config check ${readableWord(first.file)}`
      : "agentctl config show --origin"
    return problem("configuration", `It is wrong and is not taken: ${first.message}${more}`, fix)
  }
  if (restart.length > 0)
    return warning(
      "configuration",
      `Changed, and taken only by a new daemon: ${restart.join(", ")}.`,
      "agentctl daemon restart"
    )
  if (changed.length > 0)
    return warning(
      "configuration",
      `Changed on disk and not read yet: ${changed.join(", ")}.`,
      "agentctl rpc daemon.reload"
    )
  return ok(
    "configuration",
    files.length === 0 ? "Built-in values; there is no file." : `Read from ${files.join(", ")}.`
  )
}

export const configuration = Effect.gen(function* () {
  const settings = yield* Settings
  const { files } = yield* settings.show
  const onDisk = yield* settings.onDisk
  return judgeConfiguration(
    files.filter(({ exists }) => exists).map(({ path }) => path),
    onDisk
  )
})
