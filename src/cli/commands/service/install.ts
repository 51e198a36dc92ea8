import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { capture } from "../../service/EnvironmentFile.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceInstall extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Have the machine's service manager look after the daemon."
  static override description =
    "systemd: enables the package's units, or writes them to ~/.config/systemd/user. launchd: writes and loads a LaunchAgent. Homebrew: brew services. PATH and the other variables that a service manager would lose go to a file that only you can read; it is named. Running it again brings everything up to date."
  static override examples = ["<%= config.bin %> <%= command.id %> --env ANTHROPIC_API_KEY"]
  static override flags = {
    env: Flags.string({
      char: "e",
      summary: "Keep this variable of yours for the daemon too; may be repeated.",
      helpValue: "NAME",
      multiple: true,
      multipleNonGreedy: true
    })
  }

  async run() {
    const { flags } = await this.parse(ServiceInstall)
    const place = surroundings()
    const done = supervisorOf(place).install(capture(place.env, flags.env ?? []))
    this.log(done.join("\n"))
    return { done }
  }
}
