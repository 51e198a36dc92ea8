/** Runs journalctl(1), and says plainly when this user may not see what it looks for. */
import { spawn } from "node:child_process"
import { userInfo } from "node:os"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"

/** Bytes of what journalctl says beside the lines. */
const SAID_BYTES = 8 * 1024

export const readJournal = async (args: ReadonlyArray<string>): Promise<number> => {
  const child = spawn("journalctl", args, { stdio: ["inherit", "inherit", "pipe"] })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_BYTES)
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new CommandFailed(`journalctl could not be run: ${cause.message}. Install systemd's journal.`))
    )
    child.on("close", (status) => resolve(status ?? ExitCode.Failed))
  })
  const closed = refusal(said)
  if (closed !== null) throw new CommandFailed(closed, ExitCode.NotAllowed)
  process.stderr.write(said)
  return code
}

/** What keeps this user from the journal, in words that name the way out; null if nothing does. */
export const refusal = (said: string, user = userInfo().username): string | null =>
  /insufficient permissions|No journal files were (opened|found)/i.test(said)
    ? `you (${user}) may not read the journal that holds this log. As root: usermod --append --groups systemd-journal ${user}, then log in again; or make the journal persistent (mkdir /var/log/journal; systemctl restart systemd-journald), which gives every user one of their own.`
    : null
