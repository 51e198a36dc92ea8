/**
 * Which boot of the machine this is: an identifier that the kernel makes at each start, and that no two starts share.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { Context, Layer } from "effect"

export class Boot extends Context.Service<
  Boot,
  {
    /** Null where the system does not tell. */
    readonly id: string | null
  }
>()("agentd/host/Boot") {
  static readonly layer = Layer.sync(Boot, () => ({ id: bootId() }))
}

const bootId = (): string | null => {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || null
    const args = ["-n", "kern.bootsessionuuid"]
    return (
      execFileSync("/usr/sbin/sysctl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || null
    )
  } catch {
    return null
  }
}
