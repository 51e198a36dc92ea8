/**
 * `agentctl cp`, one source at a time: finds out what the names mean, and copies again from where it stood whenever the connection
 * breaks and comes back.
 */
import { hostname } from "node:os"
import { resolve } from "node:path"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { Client as OtherClient } from "../../client/Client.ts"
import { LinkBroken } from "../../client/files/Channel.ts"
import { receiveFiles } from "../../client/files/receiveFiles.ts"
import { type Progress, type Sent, sendFiles } from "../../client/files/sendFiles.ts"
import { awaitStatus, listHosts, throughHost } from "../../client/remote/Hosts.ts"
import { tunnelFiles } from "../../client/remote/TunnelFiles.ts"
import { COPY_VERSION, CopyFrame, type Opening } from "../../contract/CopyFrames.ts"
import { usage } from "../Arguments.ts"
import { farEnd } from "./farEnd.ts"
import { lastPart, type Place } from "./Place.ts"
import { recordCopy } from "./recordCopy.ts"

/** Milliseconds a copy waits for a connection that broke to be made again. */
const HEAL_MS = 10 * 60_000
/** Milliseconds between two attempts, and how many of them may fail without a byte having come through. */
const PAUSE_MS = 1_000
const MAX_ATTEMPTS = 5

/** What is on the other side of the colon. */
interface There {
  readonly host: { readonly name: string; readonly agentctl: string } | null
  readonly base: string | null
  readonly path: string
  /** For people and for the record. */
  readonly name: string
}

export interface CopyOptions {
  readonly client: Client
  readonly force: boolean
  readonly skip: boolean
  readonly onProgress: (progress: Progress) => void
  readonly note: (message: string) => void
}

export interface Copied extends Sent {
  readonly source: string
}

export const copy = async (from: Place, to: Place, options: CopyOptions): Promise<Copied> => {
  if (from.at === to.at) {
    throw usage(
      from.at === "here"
        ? "one of the two must be on another machine or in a session: HOST:PATH or SESSION:PATH"
        : "one of the two must be on this machine: copy it here first, and then there"
    )
  }
  const there = await find(from.at === "there" ? from : (to as Place & { readonly at: "there" }), options.client)
  const source = from.at === "here" ? from.path : `${there.name}:${there.path}`
  const name = from.at === "here" ? lastPart(resolve(from.path)) : lastPart(there.path) || lastPart(there.base ?? "")
  if (name === "") throw usage(`name a file or a directory on ${there.name}, not all of it`)
  let best = -1
  for (let attempts = 0; ; ) {
    let bytes = 0
    const onProgress = (progress: Progress) => {
      bytes = progress.bytes
      options.onProgress(progress)
    }
    try {
      const here = from.at === "here" ? from.path : (to as Place & { readonly at: "here" }).path
      const sent = await attempt(there, { here, reads: from.at === "here", name }, { ...options, onProgress })
      return { source, ...sent }
    } catch (error) {
      if (!(error instanceof LinkBroken) || there.host === null) throw error
      attempts = bytes > best ? 1 : attempts + 1
      best = Math.max(best, bytes)
      if (attempts > MAX_ATTEMPTS) throw gone(there.name, error.message)
      options.note(`The connection to ${there.host.name} is lost; the copy goes on when it is back.`)
      await new Promise((done) => setTimeout(done, PAUSE_MS))
      await healed(there.host.name)
    }
  }
}

const find = async ({ name, path, session }: Place & { readonly at: "there" }, client: Client): Promise<There> => {
  const status = (await listHosts()).find((host) => host.name === name)
  if (status === undefined && session !== null) {
    throw new AgentdError("NoHost", `There is no connection to "${name}". Run: agentctl connect ${name}`, {
      data: { host: name }
    })
  }
  if (status === undefined) {
    const { cwd } = await client.call("session.get", { session: name })
    return { host: null, base: cwd, path, name }
  }
  // Waits for one that is just coming up, and says why when it does not.
  await using other = new OtherClient({ connect: throughHost(name) })
  const base = session === null ? null : (await other.call("session.get", { session })).cwd
  if (session === null) await other.call("health", {})
  const host = { name, agentctl: status.agentctl }
  return { host, base, path, name: session === null ? name : `${name}:${session}` }
}

const attempt = async (
  there: There,
  { here, name, reads }: { readonly here: string; readonly reads: boolean; readonly name: string },
  { client, force, onProgress, skip }: CopyOptions
): Promise<Sent> => {
  const end = farEnd(there.host)
  const { channel } = end
  const record = (type: "files.sent" | "files.received") => (what: Parameters<typeof recordCopy>[3]) =>
    recordCopy(client, type, there.name, what)
  try {
    const opening: Opening = {
      version: COPY_VERSION,
      mode: reads ? "write" : "read",
      path: there.path,
      base: there.base,
      name,
      force,
      skip,
      peer: hostname()
    }
    await channel.sendJson(CopyFrame.Open, opening)
    if (reads) {
      const source = resolve(here)
      return await sendFiles({ channel, source, base: null, skip, onProgress, record: record("files.sent") })
    }
    const wanted = { path: here, base: null, name, force }
    return {
      ...(await receiveFiles({ channel, wanted, onProgress, record: record("files.received") })),
      skipped: []
    }
  } catch (error) {
    if (error instanceof LinkBroken) throw await end.whyBroken()
    await channel.fail(error)
    throw error
  } finally {
    end.close()
  }
}

/** Resolves once the connection is up again. @throws AgentdError when nobody will make it again */
const healed = async (host: string): Promise<void> => {
  const settled = await awaitStatus(
    tunnelFiles(host).supervisor,
    ({ state }) => state.at === "up" || state.at === "failed" || state.at === "needs-login" || state.at === "closed",
    HEAL_MS
  )
  if (settled?.state.at === "up") return
  const reason = settled !== null && "reason" in settled.state ? settled.state.reason : "it is not made again"
  throw gone(host, reason)
}

const gone = (host: string, reason: string): AgentdError =>
  new AgentdError(
    "HostDown",
    `The connection to ${host} is lost: ${reason}. What has come is kept; the same command goes on from there.`,
    { data: { host } }
  )
