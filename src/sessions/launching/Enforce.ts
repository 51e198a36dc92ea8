/**
 * Which limits this host can hold a session to. One that it cannot is refused before anything is started, never silently dropped.
 */
import { Effect } from "effect"
import { NotEnforceable } from "../../contract/errors/Errors.ts"
import type { LimitName, SessionLimits } from "../../contract/session/SessionLimits.ts"
import { ControlGroups } from "../../host/processes/ControlGroups.ts"
import { Self } from "../../host/self/Self.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import type { Confinement } from "../sandbox/Confinement.ts"
import { probeOf, readProbe } from "../sandbox/Probe.ts"
import { sandboxProperties } from "../sandbox/Properties.ts"
import { SLICE } from "./SessionUnit.ts"

/** The control group controllers that limits need. */
const controllers = {
  memoryBytes: "memory",
  cpuPercent: "cpu",
  tasks: "pids",
  ioWeight: "io"
} as const satisfies Partial<Record<LimitName, string>>

const titles: Readonly<Record<LimitName, string>> = {
  memoryBytes: "A limit on memory",
  cpuPercent: "A limit on processor time",
  tasks: "A limit on tasks",
  timeoutMs: "A limit in time",
  nice: "This nice value",
  ioWeight: "A weight for input and output"
}

const inGroups = Object.keys(controllers) as ReadonlyArray<keyof typeof controllers>

/** Without a service manager there are no control groups for sessions. */
export const refuseGroups = (limits: SessionLimits) => {
  const [first] = inGroups.filter((name) => limits[name] !== undefined)
  return first === undefined
    ? Effect.void
    : Effect.fail(
        new NotEnforceable({
          what: titles[first],
          why: "this daemon starts sessions itself, and only systemd can hold them to that",
          fix: `Run agentd as a service of systemd ("agentctl service install"), or start the session without it.`
        })
      )
}

export interface Delegated {
  /** Controllers this machine has at all, in the unified hierarchy. */
  readonly machine: ReadonlySet<string>
  /** Controllers that were handed on to the user's service manager. */
  readonly manager: ReadonlySet<string>
}

export const missingController = (limits: SessionLimits, { machine, manager }: Delegated): NotEnforceable | null => {
  const name = inGroups.find((one) => limits[one] !== undefined && !manager.has(controllers[one]))
  if (name === undefined) return null
  const controller = controllers[name]
  return machine.has(controller)
    ? new NotEnforceable({
        what: titles[name],
        why: `the control group controller "${controller}" is not delegated to your service manager`,
        fix: `An administrator delegates it: "systemctl edit user@.service", there "[Service]" and "Delegate=cpu cpuset io memory pids"; it holds from your next login on.`
      })
    : new NotEnforceable({
        what: titles[name],
        why: `this machine's unified control group hierarchy has no controller "${controller}"`,
        fix: `Boot with "systemd.unified_cgroup_hierarchy=1" if it still uses version 1; in a container, have its host hand the controller on.`
      })
}

export const requireControllers = Effect.fnUntraced(function* (limits: SessionLimits) {
  const groups = yield* ControlGroups
  const missing = missingController(limits, groups.delegated())
  if (missing !== null) return yield* missing
})

export const refuseSandbox = (sandbox: Confinement | null) =>
  sandbox === null
    ? Effect.void
    : Effect.fail(
        new NotEnforceable({
          what: `The sandbox "${sandbox.name}"`,
          why: "this daemon starts sessions itself, and only systemd can make one",
          fix: `Run agentd as a service of systemd ("agentctl service install"), or start the session with "--sandbox open".`
        })
      )

/** Starts a shell in just such a sandbox, which looks whether it is one. */
export const requireSandbox = Effect.fnUntraced(function* (sandbox: Confinement) {
  const argv = probeOf(sandbox, (yield* Self).networkNamespace())
  const said = yield* (yield* ServiceManager).attempt({
    description: "agentd looks whether a sandbox is one",
    slice: SLICE,
    properties: sandboxProperties(sandbox),
    argv
  })
  const missing = readProbe(said)
  if (missing === null) return
  return yield* new NotEnforceable({
    what: `The sandbox "${sandbox.name}"`,
    why: missing,
    fix: `Ordinary users must be allowed user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), also by a container around this system. Or start the session with "--sandbox open".`
  })
})

/** Only whoever may raise a priority may start something with a higher one. */
export const requireNice = Effect.fnUntraced(function* ({ nice }: SessionLimits) {
  const lowest = (yield* Self).lowestNice()
  if (nice === undefined || nice >= lowest) return
  return yield* new NotEnforceable({
    what: `${titles.nice} (${nice})`,
    why: `you may give ${lowest} or more`,
    fix: `Ask for that, or have an administrator set LimitNICE= of user@.service.`
  })
})
