/**
 * Installs Debian packages on the host. Whoever else installs some at the same time is waited for.
 */
import { spawnSync } from "node:child_process"

/** Seconds that another apt or dpkg may take; nine of ten installations take less than one minute. */
const PATIENCE = 300

/** Returns why they cannot be had, or null. */
export const aptInstall = (...names: ReadonlyArray<string>): string | null => {
  const apt = (...args: ReadonlyArray<string>) =>
    spawnSync("apt-get", ["-o", `DPkg::Lock::Timeout=${PATIENCE}`, "-qq", ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      encoding: "utf8"
    })
  apt("update")
  const { error, status, stderr } = apt("install", "-y", "--no-install-recommends", ...names)
  const said = error?.message ?? (stderr ?? "").trim().split("\n").at(-1)
  return status === 0 ? null : `${names.join(", ")} cannot be installed: ${said}`
}
