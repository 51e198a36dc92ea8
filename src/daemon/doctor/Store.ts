/** The database itself, and its tables against the log they are made from. */
import { Effect } from "effect"
import { ok, problem } from "../../contract/Findings.ts"
import { readableWord } from "../../contract/text/ShellWord.ts"
import { Directories } from "../../host/files/Directories.ts"
import { EventLog } from "../../store/EventLog.ts"
import { Sqlite } from "../../store/Sqlite.ts"

export const store = Effect.gen(function* () {
  const { file, integrity } = yield* Sqlite
  const { backups } = yield* Directories
  const faults = yield* Effect.orElseSucceed(integrity, () => ["it cannot be read"])
  return faults.length === 0
    ? ok("store", `${file} is sound.`)
    : problem(
        "store",
        `${file}: ${faults.join("; ")}.`,
        `agentctl backup restore latest   # without one: agentctl daemon stop && mv ${readableWord(file)} ${readableWord(`${file}.damaged`)} && cp -p "$(ls -t ${readableWord(backups)}/agentd-*.db | head -n 1)" ${readableWord(file)}`
      )
})

export const projections = Effect.gen(function* () {
  const { compare } = yield* EventLog
  const differences = yield* Effect.orElseSucceed(compare, () => null)
  if (differences === null)
    return problem("projections", "They could not be compared with the event log.", "df -h ~ && agentctl doctor")
  return differences.length === 0
    ? ok("projections", "Every table is what the event log implies.")
    : problem(
        "projections",
        `Tables differ from the event log: ${differences.map(({ table }) => table).join(", ")}.`,
        "agentctl daemon stop && agentd --rebuild"
      )
})
