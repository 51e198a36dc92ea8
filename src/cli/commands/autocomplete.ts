import { AgentctlCommand } from "../AgentctlCommand.ts"
import { howToInstall, script, shells } from "../completion/scripts.ts"
import { Args } from "../Oclif.ts"

export default class Autocomplete extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print a completion script for your shell."
  static override description =
    "Completes commands, flags and the names of live sessions. Without an argument it says how to install it."
  static override examples = [
    'eval "$(<%= config.bin %> <%= command.id %> bash)"',
    "<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/agentctl.fish"
  ]
  static override enableJsonFlag = false
  static override args = { shell: Args.string({ ignoreStdin: true, options: shells, description: "Which shell." }) }

  async run() {
    const { args } = await this.parse(Autocomplete)
    this.log((args.shell === undefined ? howToInstall : script(args.shell)).trimEnd())
  }
}
