/** What this machine's systemd and kernel can do for sessions: keep terminals, enforce limits, confine. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"

/** The lowest version that was tried; earlier ones lack what user units need. */
const LOWEST = 252
/** The first that keeps descriptors while a service is stopped, and knows Type=notify-reload. */
const PRESERVES = 254

/** What limits on sessions need: MemoryMax=, TasksMax=, CPUQuota=. */
const WANTED = ["cpu", "memory", "pids"]

/** Properties of agentd.service, as systemctl show names them. */
export type Properties = Readonly<Record<string, string | undefined>>

export const judgeSystemd = (version: number, service: Properties): Finding => {
  if (version < LOWEST)
    return problem(
      "systemd",
      `It is ${version}; agentd needs ${LOWEST}.`,
      "systemctl --version   # a newer system, or: agentctl daemon start"
    )
  const has = `systemd ${version} keeps sessions' terminals over a crash and a restart of the daemon`
  if (version < PRESERVES)
    return ok(
      "systemd",
      `${has}, not over a stop (that needs ${PRESERVES}); "agentctl daemon stop" asks before it ends sessions.`
    )
  const lacking = [
    ...(service.Type === "notify-reload" ? [] : ["Type=notify-reload"]),
    ...(service.FileDescriptorStorePreserve === "yes" ? [] : ["FileDescriptorStorePreserve=yes"])
  ]
  return lacking.length === 0 || service.LoadState === "not-found"
    ? ok("systemd", `${has}, and over a stop.`)
    : warning(
        "systemd",
        `${has}, and could over a stop, but agentd.service lacks ${lacking.join(" and ")}.`,
        "agentctl service install && agentctl service restart"
      )
}

const DELEGATE =
  "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload   # from the next login on"

/** `offered` by the kernel here, `delegated` to the user manager; null on a host with cgroup v1. */
export const judgeControllers = (
  offered: ReadonlyArray<string> | null,
  delegated: ReadonlyArray<string> | null
): Finding => {
  const look = "cat /sys/fs/cgroup/cgroup.controllers; uname -r"
  if (offered === null || delegated === null)
    return warning(
      "controllers",
      "No cgroup v2 here: limits on sessions cannot be enforced until it boots with systemd.unified_cgroup_hierarchy=1.",
      "stat --file-system --format=%T /sys/fs/cgroup"
    )
  const [absent, kept] = [offered, delegated].map((there) => WANTED.filter((name) => !there.includes(name)))
  if (absent!.length > 0)
    return warning(
      "controllers",
      `The kernel, or the container this is, does not offer ${absent!.join(", ")} in cgroup v2: limits of that kind are not enforced.`,
      look
    )
  return kept!.length === 0
    ? ok("controllers", `Limits on sessions can be enforced (${delegated.join(", ")}).`)
    : warning(
        "controllers",
        `Not delegated to your user manager: ${kept!.join(", ")}. Limits of that kind are not enforced.`,
        DELEGATE
      )
}

export const judgeNamespaces = (allowed: boolean): Finding =>
  allowed
    ? ok("user namespaces", "Units can be confined: user namespaces are allowed.")
    : warning(
        "user namespaces",
        "They are switched off: agentd.service with its sandbox fails (217, 226), and sessions cannot be confined.",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000"
      )

export const systemdVersion = (place: Surroundings): number =>
  Number(/^systemd (\d+)/.exec(ask(place, "systemctl", "--version").stdout)?.[1] ?? 0)

export const features = (place: Surroundings, version: number, service: Properties): ReadonlyArray<Finding> => [
  judgeSystemd(version, service),
  judgeControllers(controllersOf("/"), delegated(place)),
  judgeNamespaces(ask(place, "unshare", "--user", "true").code === 0)
]

const delegated = (place: Surroundings): ReadonlyArray<string> | null =>
  controllersOf(ask(place, "systemctl", "--user", "show", "--property=ControlGroup", "--value").stdout.trim())

const controllersOf = (group: string): ReadonlyArray<string> | null => {
  const file = join("/sys/fs/cgroup", group, "cgroup.controllers")
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(/\s+/) : null
}
