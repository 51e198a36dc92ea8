import type { Params } from "../../contract/Methods.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, sessionArg, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { printable } from "../Paint.ts"
import { describeExit } from "../words/SessionTable.ts"
import { isState, STATES } from "../words/StateText.ts"

export default class Wait extends AgentctlCommand {
  static override summary = "Wait until a session exits, comes into a state, falls silent, or prints something."
  static override description =
    "Ends with 0 when it happened, with 7 when the timeout came first, and with 6 when the session has ended and it cannot happen any more. Several states may be given, separated by commas or by repeating --for: the first that comes ends the wait, one that is there already at once. Who waits for idle is content with done."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> claude --for needs-permission,waiting-input,done --timeout 1h",
    "<%= config.bin %> <%= command.id %> server --for output='listening on .*' --timeout 30s",
    "<%= config.bin %> <%= command.id %> sql --for output='^> ' --from-now",
    "<%= config.bin %> <%= command.id %> make --for idle --idle 5s"
  ]
  static override args = { session: sessionArg() }
  static override flags = {
    for: Flags.string({
      summary: "What to wait for: exit, a state, or output=REGEX. Default: exit.",
      helpValue: "exit|STATE[,STATE...]|output=REGEX",
      multiple: true,
      multipleNonGreedy: true
    }),
    idle: Flags.custom<number>({ parse: duration })({
      summary: "With --for idle: so long without output, whatever its state.",
      helpValue: "2s"
    }),
    timeout: Flags.custom<number>({ parse: duration })({
      summary: "Give up after so long. Default: never.",
      helpValue: "30s"
    }),
    from: Flags.integer({
      summary: "Look for output from this offset on. Default: all that is kept.",
      helpValue: "OFFSET",
      exclusive: ["from-now"]
    }),
    "from-now": Flags.boolean({ summary: "Look only at output that is still to come." })
  }

  async run() {
    const { args, flags } = await this.parse(Wait)
    const from = flags["from-now"] ? ("now" as const) : flags.from
    const result = await this.client().call("session.wait", {
      session: args.session,
      ...wanted(flags.for ?? ["exit"], flags.idle),
      ...(from === undefined ? {} : { from }),
      ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout })
    })
    const { exit, state } = result.session
    if (result.match !== null) this.log(printable(result.match))
    else if (exit !== null) this.log(describeExit(exit))
    else if (state !== undefined)
      this.log(state.question === null ? state.name : `${state.name}: ${printable(state.question)}`)
    return result
  }
}

const wanted = (
  words: ReadonlyArray<string>,
  idleMs: number | undefined
): Pick<Params<"session.wait">, "for" | "states" | "pattern" | "idleMs"> => {
  const [first] = words
  if (words.length === 1 && first?.startsWith("output=") && first !== "output=")
    return { for: "output", pattern: first.slice("output=".length) }
  if (idleMs !== undefined) {
    if (words.length === 1 && first === "idle") return { for: "idle", idleMs }
    throw usage("--idle goes with --for idle")
  }
  if (words.length === 1 && first === "exit") return { for: "exit" }
  const states = words.flatMap((word) => word.split(",")).map((word) => (word === "exit" ? "exited" : word))
  const unknown = states.find((word) => !isState(word))
  if (unknown !== undefined)
    throw usage(
      `--for takes exit, output=REGEX by itself, or some of ${STATES.join(", ")}; not "${printable(unknown)}"`
    )
  return { for: "state", states: [...new Set(states)].filter(isState) }
}
