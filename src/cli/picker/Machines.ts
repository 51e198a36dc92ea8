/** The daemons a picker knows: this machine's and those of connected ones, each asked at its own pace over a connection that is kept. */
import { AgentdError } from "../../client/AgentdError.ts"
import { Client } from "../../client/Client.ts"
import { listHosts, throughHost } from "../../client/remote/Hosts.ts"
import type { Session } from "../../contract/session/Session.ts"
import { TUNNEL_TAG } from "../remote/tunnelSession.ts"
import { stateShort, toldState } from "../words/StateText.ts"
import type { Entry } from "./State.ts"

/** Milliseconds another machine may take to list its sessions: as long as somebody looks at a list and waits. */
const ANSWER_MS = 10_000

export interface Listed {
  /** In the order of `agentctl ls`: this machine's first. */
  readonly entries: ReadonlyArray<Entry>
  /** Why a machine's sessions are not among them. */
  readonly trouble: string | null
}

export class Machines implements AsyncDisposable {
  readonly #own: Client
  readonly #hosts = new Map<string, Client>()
  readonly #lists = new Map<string | null, ReadonlyArray<Entry>>()
  readonly #troubles = new Map<string | null, string>()

  /** `own` speaks to this machine's daemon, or to the only one that is wanted. */
  constructor(own: Client) {
    this.#own = own
  }

  clientOf(host: string | null): Client {
    if (host === null) return this.#own
    const client = this.#hosts.get(host) ?? new Client({ connect: throughHost(host) })
    this.#hosts.set(host, client)
    return client
  }

  /** The machines that are connected just now. */
  async connected(): Promise<ReadonlyArray<string>> {
    const up = (await listHosts()).filter(({ state }) => state.at === "up").map(({ name }) => name)
    for (const [host, client] of this.#hosts) {
      if (up.includes(host)) continue
      this.#hosts.delete(host)
      this.#lists.delete(host)
      this.#troubles.delete(host)
      await client.close()
    }
    return up
  }

  async look(host: string | null): Promise<void> {
    const client = this.clientOf(host)
    // It may have been disconnected while it was asked.
    const gone = () => host !== null && this.#hosts.get(host) !== client
    try {
      const { sessions } = await client.call("session.list", {}, { timeoutMs: ANSWER_MS })
      if (gone()) return
      const shown = sessions.filter(({ tags }) => !tags.includes(TUNNEL_TAG))
      this.#lists.set(
        host,
        shown.map((session) => entryOf(session, host))
      )
      this.#troubles.delete(host)
    } catch (error) {
      if (!(error instanceof AgentdError)) throw error
      if (gone()) return
      this.#troubles.set(host, error.message)
      // What is not heard of is not shown as if it were; this machine's stays, for a daemon that is just being replaced.
      if (host !== null) this.#lists.delete(host)
    }
  }

  get listed(): Listed {
    const own = this.#lists.get(null) ?? []
    const others = [...this.#lists].flatMap(([host, entries]) => (host === null ? [] : entries))
    return { entries: [...own, ...others], trouble: [...this.#troubles.values()][0] ?? null }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((client) => client.close()))
  }
}

const entryOf = (session: Session, host: string | null): Entry => ({
  reference: host === null ? session.id : `${host}:${session.id}`,
  id: session.id,
  host,
  name: session.name,
  state: stateIn(session),
  asks: session.state?.question ?? null,
  argv: session.argv,
  createdAt: session.createdAt,
  words: [...session.tags, session.cwd, session.intent ?? "", session.task ?? "", session.agent?.name ?? ""],
  offset: session.offset
})

const stateIn = (session: Session): string => {
  const told = toldState(session)
  return told === null ? session.status : stateShort(told)
}
