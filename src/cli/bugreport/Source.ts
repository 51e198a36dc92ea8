/** Where the parts of a bug report come from: the daemon if one answers, the machine, and what is to be told. */
import type { Client } from "../../client/Client.ts"
import type { DaemonStatus } from "../doctor/Reach.ts"
import type { Surroundings } from "../service/Surroundings.ts"

export interface Source {
  readonly client: Client
  readonly place: Surroundings
  /** Null when none answers. */
  readonly status: DaemonStatus | null
  /** Lines of log. */
  readonly lines: number
  readonly withCommands: boolean
}

export interface Part {
  readonly name: string
  /** One sentence for people. */
  readonly about: string
  /** A value becomes JSON. An error becomes the reason why the part is missing. */
  readonly gather: (source: Source) => unknown
}
