/**
 * Runs programs for the daemon's own work: its own program again, for what would hold up the event loop, and scripts that the
 * configuration names. Each ends with whoever waits for it, and cannot outlast its time.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { constants, setPriority } from "node:os"
import { Context, Effect, Layer, Schema } from "effect"
import { ownCommand } from "../self/Self.ts"

/** Bytes of a job's answer: a list of ten thousand backups. */
const MAX_ANSWER = 16 * 1024 * 1024
/** Bytes of its complaint that are told. */
const MAX_COMPLAINT = 2_048

/** `reason` is a sentence that begins with the program's name. */
export class ProgramFailed extends Schema.TaggedError<ProgramFailed>()("ProgramFailed", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

export class Programs extends Context.Service<
  Programs,
  {
    /**
     * This daemon's program in another mode: `input` is its standard input, which stays open for as long as somebody waits; answers
     * its standard output.
     */
    readonly job: (mode: string, input: string) => Effect.Effect<string, ProgramFailed>
    /** A script, with its output in the daemon's log. What it has started ends with its time, too. */
    readonly script: (
      file: string,
      variables: Readonly<Record<string, string>>,
      timeoutMs: number
    ) => Effect.Effect<void, ProgramFailed>
  }
>()("agentd/host/Programs") {
  static readonly layer = Layer.succeed(Programs, {
    job: (mode, input) =>
      Effect.callback((resume) => {
        const [file, ...args] = ownCommand()
        const child = spawn(file!, [...args, mode], { cwd: "/", stdio: ["pipe", "pipe", "pipe"] })
        giveWay(child)
        let [answer, complaint] = ["", ""]
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          answer += text
          if (answer.length > MAX_ANSWER) child.kill("SIGKILL")
        })
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          complaint = (complaint + text).slice(-MAX_COMPLAINT)
        })
        // It may end without having read.
        child.stdin.on("error", () => {}).write(`${input}\n`)
        whenEnded(child, (how) =>
          resume(
            how === null
              ? Effect.succeed(answer)
              : Effect.fail(
                  new ProgramFailed({
                    reason: `agentd ${mode} ${how}${complaint === "" ? "" : `: ${complaint.trim()}`}`
                  })
                )
          )
        )
        return Effect.sync(() => void child.kill("SIGKILL"))
      }),
    script: (file, variables, timeoutMs) =>
      Effect.callback((resume) => {
        // Its own session (setsid(2)), so that all it has started can be told to end.
        const child = spawn(file, [], {
          cwd: "/",
          detached: true,
          env: { ...process.env, ...variables },
          stdio: ["ignore", 2, 2]
        })
        const end = () => killGroup(child)
        let late = false
        const timer = setTimeout(() => {
          late = true
          end()
        }, timeoutMs)
        whenEnded(child, (how) => {
          clearTimeout(timer)
          if (how === null) return resume(Effect.void)
          const why = late ? `took longer than ${timeoutMs} ms and was killed` : how
          resume(Effect.fail(new ProgramFailed({ reason: `${file} ${why}` })))
        })
        return Effect.sync(() => {
          clearTimeout(timer)
          end()
        })
      })
  })
}

/** Tells once: null for exit code 0, else the rest of a sentence. */
const whenEnded = (child: ChildProcess, tell: (how: string | null) => void): void => {
  child.on("error", (error) => tell(`could not be run: ${error.message}`))
  child.on("close", (code, signal) =>
    tell(code === 0 ? null : signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
  )
}

/** Sessions go first. The packaged sandbox does not allow it; then it is one process among others. */
const giveWay = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // Then not.
  }
}

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It has gone.
  }
}
