/** A daemon from a package of its own, and the moment between its two versions. */
import { readdirSync, readFileSync } from "node:fs"
import { onTestFinished } from "vitest"
import { FrameType, readU64 } from "../../src/contract/Frames.ts"
import type { Daemon } from "./Daemon.ts"
import { Package } from "./Package.ts"
import type { RawClient } from "./RawClient.ts"
import { makeSandbox, type Sandbox, type StartOptions } from "./Sandbox.ts"

export interface Place {
  readonly sandbox: Sandbox
  readonly installed: Package
  readonly daemon: Daemon
  readonly client: RawClient
}

export const open = async (options: StartOptions = {}): Promise<Place> => {
  const sandbox = makeSandbox()
  onTestFinished(() => sandbox[Symbol.asyncDispose]())
  const installed = new Package(sandbox)
  const daemon = await sandbox.start({ ...options, program: installed.program })
  return { sandbox, installed, daemon, client: await daemon.connect() }
}

/** Asks for a restart that stays between the versions until it is closed; closing answers what the request did. */
export const openWindow = async ({ client, installed }: Place) => {
  installed.holdWindow()
  const restarted = client.result("daemon.restart")
  await Promise.race([installed.inWindow(), restarted])
  return {
    close: () => {
      installed.letGo()
      return restarted
    }
  }
}

/** Reads frames until this much was printed and acknowledged; the output, from the first byte on. */
export const follow = (client: RawClient) => {
  let text = ""
  let acknowledged = 0
  return async (wanted: string, ack = 0): Promise<string> => {
    while (!text.includes(wanted) || acknowledged < ack) {
      const frame = await client.frame()
      if (frame === null) throw new Error(`the connection ended after ${JSON.stringify(text.slice(-200))}`)
      if (frame.type === FrameType.Output) text += frame.payload.toString("utf8", 8)
      if (frame.type === FrameType.Ack) acknowledged = readU64(frame.payload)
    }
    return text
  }
}

/** Prints numbered lines until a file is there, and then how many. */
export const counter = (stop: string, pause = "") =>
  `n=0; while [ ! -e ${stop} ]; do n=$((n+1)); echo "line $n."; ${pause} done; echo "end $n."; echo done; read answer`

/** That every line came once and in its place; answers how many. */
export const complete = (text: string): number => {
  const last = Number(/end (\d+)\./.exec(text)?.[1])
  const numbers = [...text.matchAll(/line (\d+)\./g)].map(([, n]) => Number(n))
  numbers.forEach((n, at) => {
    if (n !== at + 1) throw new Error(`line ${n} where line ${at + 1} belongs`)
  })
  if (numbers.length !== last) throw new Error(`${numbers.length} lines of ${last}`)
  return last
}

/** What a process has. */
export const usage = (pid: number) => ({
  descriptors: readdirSync(`/proc/${pid}/fd`).length,
  threads: readdirSync(`/proc/${pid}/task`).length,
  resident: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024
})
