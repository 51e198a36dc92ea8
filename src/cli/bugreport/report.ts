/** Gathers the parts of a bug report, takes out what a stranger should not see, and lists what is left. Nothing is sent anywhere. */
import { hostname, userInfo } from "node:os"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { surroundings } from "../service/Surroundings.ts"
import { version } from "../Version.ts"
import { parts } from "./parts.ts"
import { merge, type Redactor, redactorFor } from "./redact.ts"
import type { Source } from "./Source.ts"
import type { TextFile } from "./tar.ts"

export interface Report {
  readonly files: ReadonlyArray<TextFile & { readonly about: string; readonly bytes: number }>
  /** How often something of each kind was taken out. */
  readonly redacted: Readonly<Record<string, number>>
}

export interface ReportOptions {
  readonly lines: number
  readonly withCommands: boolean
}

export const makeReport = async (client: Client, options: ReportOptions): Promise<Report> => {
  const status = await client.call("daemon.status", {}).catch((error: unknown) => {
    if (error instanceof AgentdError) return null
    throw error
  })
  const place = surroundings()
  const source: Source = { client, place, status, ...options }
  const words = options.withCommands || status === null ? [] : await wordsOf(client)
  const redactor = redactorFor({ home: place.home, user: userName(), host: hostname(), words })
  const redacted: Record<string, number> = {}
  const files: Array<TextFile & { readonly about: string }> = []
  for (const { about, gather, name } of parts) {
    const { found, value } = await redactedPart(redactor, () => gather(source))
    merge(redacted, found)
    files.push({ name, about, text: value })
  }
  const readme = { name: "README.txt", about: "what this is", text: explain(files, redacted) }
  return {
    files: [readme, ...files].map((file) => ({ ...file, bytes: Buffer.byteLength(file.text) })),
    redacted
  }
}

/** One that cannot be had is no reason to have none of the others. */
const redactedPart = async (redactor: Redactor, gather: () => unknown) => {
  let content: unknown
  try {
    content = await gather()
  } catch (error) {
    content = `It could not be had: ${error instanceof Error ? error.message : String(error)}\n`
  }
  if (typeof content !== "string") {
    const { found, value } = redactor.json(content)
    return { found, value: `${JSON.stringify(value, null, 2)}\n` }
  }
  const found: Record<string, number> = {}
  const lines = content.split("\n").map((line) => {
    const parsed = line.startsWith("{") ? fromJson(line) : undefined
    if (parsed === undefined) return line
    const redacted = redactor.json(parsed)
    merge(found, redacted.found)
    return JSON.stringify(redacted.value)
  })
  // As one text: a key in a file goes over many lines.
  const whole = redactor.text(lines.join("\n"))
  merge(found, whole.found)
  return { found, value: whole.value }
}

const fromJson = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

/** What sessions were given to do, wherever it is repeated. */
const wordsOf = async (client: Client): Promise<ReadonlyArray<string>> => {
  try {
    const { sessions } = await client.call("session.list", { all: true })
    return sessions.flatMap(({ argv, cwd, name, tags }) => [...argv.slice(1), argv.join(" "), cwd, name, ...tags])
  } catch {
    return []
  }
}

const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    // A container's user without a line in passwd(5).
    return process.env.USER ?? ""
  }
}

const explain = (
  files: ReadonlyArray<TextFile & { readonly about: string }>,
  redacted: Readonly<Record<string, number>>
): string =>
  [
    `A bug report of agentd ${version}, made by "agentctl bug-report".`,
    "",
    ...files.map(({ about, name }) => `${name.padEnd(16)} ${about}`),
    "",
    "It holds no output of any session. Secrets by their look and by their name, your home, your name, the machine's name and what",
    'sessions were given to do are taken out, each marked as "[redacted:…]", "~", "USER" or "HOST". Nothing finds every secret: look',
    "it through before you give it away.",
    "",
    `Taken out: ${counts(redacted)}.`,
    ""
  ].join("\n")

export const counts = (redacted: Readonly<Record<string, number>>): string =>
  Object.entries(redacted)
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ") || "nothing"
