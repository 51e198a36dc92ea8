/**
 * Runs once before all: what the host needs, and the images. Where no machine can boot, the tests are skipped and the reason is
 * printed.
 */
import { readFileSync } from "node:fs"
import type { TestProject } from "vitest/node"
import { buildImage, installTools, SYSTEMS } from "./Image.ts"
import { Machine } from "./Machine.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Why no machine can boot here, or null. */
    readonly cannotBoot: string | null
  }
}

export default async function setup(project: TestProject) {
  const reason = await whyNot()
  if (reason !== null)
    process.stdout.write(`\nNo machine can boot here: ${reason}\nThe tests that need one are skipped.\n\n`)
  project.provide("cannotBoot", reason)
}

const whyNot = async (): Promise<string | null> => {
  if (process.platform !== "linux") return `they are Linux containers, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return "only root may boot containers"
  // CAP_SYS_ADMIN, of which a container that is itself unprivileged has none.
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"
  if ((BigInt(`0x${capabilities}`) & (1n << 21n)) === 0n) return "this root may not make namespaces (CAP_SYS_ADMIN)"
  const reason = installTools()
  if (reason !== null) return reason
  await Promise.all(SYSTEMS.map(buildImage))
  try {
    await using _machine = await Machine.boot(SYSTEMS[0]!)
    return null
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}
