import { AgentctlCommand } from "../AgentctlCommand.ts"

/** The far end of `agentctl cp`: speaks frames on its standard input and output. */
export default class Files extends AgentctlCommand {
  static override summary = "Read or write files for a copy that another machine asks for."
  static override hidden = true
  static override enableJsonFlag = false
  static override enableHostFlag = false

  async run() {
    await this.parse(Files)
    const [{ serveFiles }, { homedir }, { recordCopy }] = await Promise.all([
      import("../../client/files/serveFiles.ts"),
      import("node:os"),
      import("../files/recordCopy.ts")
    ])
    const client = this.client()
    // Where sshd says that the request comes from; the name is what the other end calls itself.
    const address = process.env.SSH_CONNECTION?.split(" ")[0]
    await serveFiles({
      input: process.stdin,
      output: process.stdout,
      home: homedir(),
      record: ({ peer, type, ...what }) =>
        recordCopy(client, type, address === undefined ? peer : `${peer} (${address})`, what)
    })
  }
}
