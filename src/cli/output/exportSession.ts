/** A session, and those it continues if that is wanted, as one recording, page or text. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import type { Session } from "../../contract/session/Session.ts"
import { printable } from "../Paint.ts"
import { earlierOf } from "./earlier.ts"
import { followAll } from "./followAll.ts"
import { followOutput } from "./followOutput.ts"
import { historyOf } from "./historyOf.ts"
import type { Write } from "./OutputFile.ts"

export type ExportFormat = "cast" | "html" | "text"

export interface ExportOptions {
  readonly session: string
  readonly format: ExportFormat
  readonly all: boolean
}

/** Resolves to how many bytes were missing. */
export const exportSession = async (
  client: Client,
  { all, format, session }: ExportOptions,
  write: Write
): Promise<number> => {
  if (format === "cast") {
    const options = { session, format, follow: false, write } as const
    return all ? followAll(client, options) : followOutput(client, options)
  }
  const last = await client.call("session.get", { session })
  const sessions = all ? [...(await earlierOf(client, last)), last] : [last]
  return format === "html" ? asPage(client, sessions, write) : asText(client, sessions, write)
}

const asText = async (client: Client, sessions: ReadonlyArray<Session>, write: Write): Promise<number> =>
  eachOf(sessions, async ({ id }) => {
    let missing = 0
    for await (const page of historyOf(client, id, "text")) {
      missing += page.missing
      await write((page.lines ?? []).map((line) => `${line}\n`).join(""))
    }
    return missing
  })

const asPage = async (client: Client, sessions: ReadonlyArray<Session>, write: Write): Promise<number> => {
  const html = await import("../render/html.ts")
  await write(html.pageBegin(printable(sessions.at(-1)!.name)))
  const missing = await eachOf(sessions, async (session) => {
    let begun = false
    let missing = 0
    for await (const page of historyOf(client, session.id, "styled")) {
      missing += page.missing
      await write((begun ? "" : html.sessionBegin(session)) + (page.styled ?? []).map(html.lineOf).join(""))
      begun = true
    }
    await write(html.sessionEnd)
    return missing
  })
  await write(html.pageEnd)
  return missing
}

const eachOf = async (
  sessions: ReadonlyArray<Session>,
  read: (session: Session) => Promise<number>
): Promise<number> => {
  let missing = 0
  for (const session of sessions) {
    try {
      missing += await read(session)
    } catch (error) {
      // The transcript of one before has gone, or cannot be read: the others can.
      if (session === sessions.at(-1) || !(error instanceof AgentdError) || error.tag !== "TranscriptUnavailable")
        throw error
      process.stderr.write(`agentctl: ${printable(session.name)}: ${error.message}\n`)
    }
  }
  return missing
}
