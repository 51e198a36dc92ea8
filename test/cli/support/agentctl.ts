/** Runs `agentctl` as people do: the script in bin/, its own process, its own streams. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Sandbox } from "../../support/Sandbox.ts"

export const program = fileURLToPath(new URL("../../../bin/agentctl", import.meta.url))

export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  /** Resolves once standard output matches. */
  readonly printed: (pattern: RegExp) => Promise<void>
}

export const start = (
  sandbox: Pick<Sandbox, "env">,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Running => {
  const child = spawn(program, args, { env: { ...sandbox.env, ...env }, cwd: "/tmp" })
  let stdout = ""
  let stderr = ""
  const looking = new Set<() => void>()
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    stdout += text
    for (const look of [...looking]) look()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  child.stdin.on("error", () => {})
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ stdout, stderr, code, signal }))
  })
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(stdout)) return
        looking.delete(look)
        resolve()
      }
      looking.add(look)
      look()
      ended.then(() => reject(new Error(`it ended without printing ${pattern}: ${stdout}${stderr}`)), reject)
    })
  return { child, ended, printed }
}

export const agentctl = (
  sandbox: Pick<Sandbox, "env">,
  args: ReadonlyArray<string>,
  { stdin = "", env = {} }: { readonly stdin?: string | Buffer; readonly env?: Readonly<Record<string, string>> } = {}
): Promise<Ended> => {
  const { child, ended } = start(sandbox, args, env)
  child.stdin.end(stdin)
  return ended
}

/** What it printed with `--json`. */
export const asked = async (sandbox: Pick<Sandbox, "env">, args: ReadonlyArray<string>) => {
  const { code, stderr, stdout } = await agentctl(sandbox, [...args, "--json"])
  if (code !== 0) throw new Error(`agentctl ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`)
  return JSON.parse(Buffer.from(stdout, "latin1").toString("utf8"))
}
