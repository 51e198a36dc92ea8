import { AgentctlCommand } from "../AgentctlCommand.ts"
import { usage } from "../Arguments.ts"
import { Args, Flags } from "../Oclif.ts"

export default class Forward extends AgentctlCommand {
  static override summary = "Forward ports to and from another machine, over the connection that is kept to it."
  static override description =
    "Listens on 127.0.0.1 only, here with -L and there with -R, until it is removed or the connection is given up; when the connection breaks and is made again, so are its ports. PORT alone leads to the same port of the other side."
  static override examples = [
    "<%= config.bin %> <%= command.id %> lab -L 8080",
    "<%= config.bin %> <%= command.id %> lab -L 8080:3000 -R 5432:db.internal:5432",
    "<%= config.bin %> <%= command.id %> lab -L 8080 --remove"
  ]
  static override enableHostFlag = false
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'As "agentctl hosts" calls it.' })
  }
  static override flags = {
    local: Flags.string({
      char: "L",
      summary: "A port of this machine that leads there; may be repeated.",
      helpValue: "PORT[:[HOST:]PORT]",
      multiple: true,
      multipleNonGreedy: true
    }),
    remote: Flags.string({
      char: "R",
      summary: "A port of the other machine that leads here; may be repeated.",
      helpValue: "PORT[:[HOST:]PORT]",
      multiple: true,
      multipleNonGreedy: true
    }),
    remove: Flags.boolean({ summary: "Forward these no longer; the first port is enough." })
  }

  async run() {
    const { args, flags } = await this.parse(Forward)
    const [{ parseForward }, { changeForward, describeForward }] = await Promise.all([
      import("../../client/remote/Forward.ts"),
      import("../remote/forwards.ts")
    ])
    const words = [
      ...(flags.local ?? []).map((text) => ["local", text] as const),
      ...(flags.remote ?? []).map((text) => ["remote", text] as const)
    ]
    if (words.length === 0) throw usage("say which ports, with -L or -R")
    const forwards = words.map(([direction, text]) => {
      const forward = parseForward(direction, text)
      if (forward === null) {
        throw usage(`"${text}" is no forward; write PORT, PORT:PORT or PORT:HOST:PORT. It always listens on 127.0.0.1.`)
      }
      return forward
    })
    for (const forward of forwards) {
      await changeForward(this.client(), args.name, flags.remove ? "unforward" : "forward", forward)
      this.log(flags.remove ? `Removed ${forward.listen}.` : describeForward(args.name, forward))
    }
    return forwards
  }
}
