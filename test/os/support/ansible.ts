/**
 * Runs ansible-playbook against a machine. Its SSH is replaced by a program that joins the machine, so no key and no server is needed;
 * everything else is Ansible as it is.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../../packaging/build/root.ts"
import { aptInstall } from "./apt.ts"
import type { Machine } from "./Machine.ts"

export const role = join(root, "packaging/ansible")

/** Installs the tools on the host; returns why they cannot be had, or null. */
export const ansibleTools = (): string | null => {
  if (spawnSync("ansible-lint", ["--version"]).status === 0) return null
  return aptInstall("ansible-core", "ansible-lint")
}

export interface Play {
  readonly code: number
  /** Tasks that changed something, or would in check mode. */
  readonly changed: number
  readonly output: string
}

export const play = (
  machine: Machine,
  folder: string,
  variables: Readonly<Record<string, unknown>>,
  ...args: ReadonlyArray<string>
): Play => {
  mkdirSync(folder, { recursive: true })
  const ssh = join(folder, "ssh")
  const [, init] = /^\/proc\/(\d+)\/root/.exec(machine.path("/"))!
  // What ssh(1) is given last is the command, for the user's shell.
  writeFileSync(ssh, `#!/bin/bash\nexec nsenter --target ${init} --all -- /bin/sh -c "\${@: -1}"\n`, { mode: 0o755 })
  writeFileSync(join(folder, "variables.json"), JSON.stringify(variables))
  writeFileSync(join(folder, "inventory"), "[agents]\nmachine\n")
  const { status, stderr, stdout } = spawnSync(
    "ansible-playbook",
    ["-i", join(folder, "inventory"), "-e", `@${join(folder, "variables.json")}`, "--diff", ...args, "example.yml"],
    {
      cwd: role,
      encoding: "utf8",
      env: {
        PATH: "/usr/bin:/bin",
        LANG: "C.UTF-8",
        HOME: folder,
        ANSIBLE_SSH_EXECUTABLE: ssh,
        ANSIBLE_SSH_TRANSFER_METHOD: "piped",
        ANSIBLE_SSH_ARGS: "",
        ANSIBLE_PIPELINING: "1",
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3"
      }
    }
  )
  return {
    code: status ?? -1,
    changed: Number(/changed=(\d+)/.exec(stdout)?.[1] ?? -1),
    output: `${stdout}${stderr}`
  }
}
