/** A branch in memory, with everything that happens to real ones: others are faster, answers are lost, people meddle. */
import { Effect } from "effect"
import { SyncFailed } from "../../../src/contract/errors/Errors.ts"
import { Overtaken, type SyncTransport } from "../../../src/sync/SyncTransport.ts"
import type { Dice } from "../../support/Dice.ts"

type Files = ReadonlyMap<string, Uint8Array>

/** What is to go wrong with the next exchange. */
export type Fault = "no answer to fetch" | "push refused" | "answer to push lost" | null

export class Branch {
  readonly #states = new Map<string, Files>()
  readonly #past: Array<string> = []
  head: string | null = null
  fault: Fault = null
  /** Earlier states are not known here any more: the next comparison is with nothing. */
  forgotten = false
  /** Runs once, between somebody's fetch and push. */
  meanwhile: Effect.Effect<unknown> | null = null

  files(at: string | null = this.head): Files {
    return at === null ? new Map() : this.#states.get(at)!
  }

  readonly transport: SyncTransport["Service"] = {
    fetch: () =>
      Effect.suspend(() => (this.#hits("no answer to fetch") ? failed("no answer") : Effect.succeed(this.head))),
    changes: (_, from, to) =>
      Effect.sync(() => {
        const all = from === null || this.forgotten
        this.forgotten = false
        const [before, after] = [this.files(all ? null : from), this.files(to)]
        const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted()
        const changed = paths.filter((path) => text(before.get(path)) !== text(after.get(path)))
        return {
          all,
          files: changed.map((path) => ({ path, size: after.get(path)?.length ?? null }))
        }
      }),
    read: (_, at, paths) =>
      Effect.sync(() => {
        const files = this.files(at)
        return new Map(paths.flatMap((path) => (files.has(path) ? [[path, files.get(path)!] as const] : [])))
      }),
    publish: Effect.fnUntraced(function* (this: Branch, _, base, files) {
      const other = this.meanwhile
      this.meanwhile = null
      if (other !== null) yield* other
      if (this.#hits("push refused")) return yield* failed("refused")
      if (base !== this.head) return yield* new Overtaken({ locked: null })
      const name = this.#commit(new Map([...this.files(base), ...files]))
      return this.#hits("answer to push lost") ? yield* failed("the connection broke") : name
    }).bind(this) as SyncTransport["Service"]["publish"],
    isPublic: () => Effect.succeed(null)
  }

  /** Somebody with the right to push, a broken disk, or an accident. */
  meddle(dice: Dice): string {
    const what = dice.of(["delete", "rewind", "truncate", "edit", "litter"] as const)
    const files = new Map(this.files())
    const path = files.size === 0 ? null : dice.of([...files.keys()])
    if (what === "delete" || path === null) this.head = null
    else if (what === "rewind") this.head = dice.of(this.#past)
    else {
      const bytes = Buffer.from(files.get(path)!)
      if (what === "truncate") files.set(path, bytes.subarray(0, dice.below(bytes.length)))
      if (what === "edit") {
        bytes[dice.below(bytes.length)] = dice.below(256)
        files.set(path, bytes)
      }
      if (what === "litter") files.set(path, Buffer.concat([bytes, Buffer.from('{"half":\n\u00ff')]))
      this.#commit(files)
    }
    return what
  }

  #commit(files: Files): string {
    const name = `state ${this.#past.length + 1}`
    this.#states.set(name, files)
    this.#past.push(name)
    this.head = name
    return name
  }

  #hits(fault: Fault): boolean {
    const hit = this.fault === fault
    if (hit) this.fault = null
    return hit
  }
}

const failed = (reason: string) => Effect.fail(new SyncFailed({ reason }))
const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : Buffer.from(bytes).toString("latin1"))
