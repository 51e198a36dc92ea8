/** Who looks after the daemon, in which state, and by which files. Never `systemctl status`: it shows programs with their arguments. */
import { existsSync, readFileSync } from "node:fs"
import { environmentFile, parseEnvironment } from "../service/EnvironmentFile.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"
import { supervisorOf } from "../service/supervisorOf.ts"

const UNITS = ["agentd.socket", "agentd.service", "app-agentd.slice"]

const PROPERTIES = [
  "Id,LoadState,ActiveState,SubState,Result,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,NRestarts",
  "ExecMainStatus,ExecMainCode,ExecMainStartTimestamp,ActiveEnterTimestamp,StateChangeTimestamp",
  "Type,FileDescriptorStoreMax,FileDescriptorStorePreserve,NFileDescriptorStore,WatchdogUSec,ControlGroup",
  "MemoryCurrent,MemoryPeak,TasksCurrent,CPUUsageNSec,NAccepted,NConnections"
].join(",")

export const service = (place: Surroundings): string => {
  const supervisor = supervisorOf(place).status()
  const sections: Array<readonly [string, string]> = [["supervisor", JSON.stringify(supervisor, null, 2)]]
  const file = environmentFile(place.env, place.home)
  if (existsSync(file)) {
    const names = Object.keys(parseEnvironment(readFileSync(file, "utf8")))
    sections.push(["captured variables, by name", names.join(" ")])
  }
  if (supervisor.supervisor === "systemd") {
    const systemctl = (...args: ReadonlyArray<string>) => {
      const { stderr, stdout } = ask(place, "systemctl", "--user", "--no-pager", ...args)
      return stdout || stderr
    }
    sections.push(
      ["systemctl --version", ask(place, "systemctl", "--version").stdout],
      ["systemctl show", systemctl("show", `--property=${PROPERTIES}`, ...UNITS)],
      [
        "sessions' units",
        systemctl("list-units", "--all", "--plain", "--no-legend", "--full", "agentd-session-*.service")
      ],
      ["systemctl cat", systemctl("cat", ...UNITS)]
    )
  }
  return sections.map(([title, text]) => `== ${title}\n${text.trimEnd()}\n`).join("\n")
}
