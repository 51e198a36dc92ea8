/**
 * How large the package is that people download, beside what its Node alone would take there.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root } from "../../packaging/build/root.ts"
import { hasSystemdHeaders } from "../../packaging/native/compile.mjs"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"

const MB = 1e6

/** Why no package can be built here, or null. */
export const cannotPackage = (): string | null => {
  if (spawnSync("dpkg-deb", ["--version"]).status !== 0) return "The package was not measured: there is no dpkg-deb."
  return hasSystemdHeaders() ? null : "The package was not measured: libsystemd's headers are missing."
}

export const packageSize = (scratch: Scratch): Measured => {
  const out = scratch.directory()
  const env = { ...process.env, SOURCE_DATE_EPOCH: "1700000000" }
  execFileSync(process.execPath, ["packaging/build/package.ts", "deb", "--quick", "--out", out], { cwd: root, env })
  const [deb] = readdirSync(out)
  return {
    id: "package",
    title: "Size of the package (.deb)",
    unit: "MB",
    ours: "agentd",
    rounds: new Map([
      ["agentd", [statSync(join(out, deb!)).size / MB]],
      ["bare Node", [bareNode(scratch) / MB]]
    ]),
    goal: { against: "bare Node", limit: 1.15, sense: "at most" },
    how: "Both stripped and packed alike (xz, at its quickest level; what is released is packed more carefully and a fifth smaller). It holds a Node of its own, so that neither the machine's Node nor its absence matters."
  }
}

/** A package with nothing in it but the same Node. */
const bareNode = (scratch: Scratch): number => {
  const tree = scratch.directory()
  chmodSync(tree, 0o755)
  const node = join(tree, "usr/lib/bare/node")
  mkdirSync(dirname(node), { recursive: true })
  cpSync(process.execPath, node, { dereference: true })
  execFileSync("/usr/bin/strip", ["--strip-unneeded", "--remove-section=.comment", node])
  mkdirSync(join(tree, "DEBIAN"))
  const control =
    "Package: bare\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@packages.invalid>\nDescription: bare\n"
  writeFileSync(join(tree, "DEBIAN/control"), control)
  const file = scratch.path(".deb")
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z0", "--build", tree, file], { stdio: "ignore" })
  return statSync(file).size
}
