/** Synchronisation for people: how it stands, what would leave, what was exchanged. */
import type { Result } from "../../contract/Methods.ts"
import type { SyncStatus } from "../../contract/Sync.ts"
import { age, paint, printable } from "../Paint.ts"

const ago = (at: number | null) => (at === null ? "never" : `${age(at)} ago`)
const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`

export const statusText = (status: SyncStatus): string => {
  const mark = status.mode === "on" ? (status.error === null ? "green" : "red") : "yellow"
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["workspace", printable(status.workspace.path ?? status.workspace.id)],
    ["sync", paint(process.stdout, mark, status.mode) + (status.running ? " (exchanging now)" : "")],
    ...(status.reason === null ? [] : [["", status.reason] as const]),
    ...(status.remote === null ? [] : [["remote", printable(status.remote)] as const]),
    ...(status.mode === "on" ? [["succeeded", ago(status.lastSuccessAt)] as const] : []),
    ...(status.error === null ? [] : [["failed", `${ago(status.lastErrorAt)}: ${printable(status.error)}`] as const]),
    ["unsent", count(status.unpublished, "event")]
  ]
  const peers = status.peers
    .filter(({ here }) => !here)
    .map((peer) => {
      const who = peer.hosts.length === 0 ? peer.installation : peer.hosts.map(printable).join(", ")
      return `  ${who}  last event ${ago(peer.lastAt)}, ${confirmedText(peer)}`
    })
  return [
    ...rows.map(([title, value]) => `${title.padEnd(10)}  ${value}`),
    ...(peers.length === 0 ? [] : ["", "others", ...peers]),
    ...heldText(status.held, status.heldCount),
    ...quarantineText(status)
  ].join("\n")
}

/** What a peer has of what was said here, as far as it has said so itself. */
const confirmedText = ({ confirmedAt, unconfirmed, unconfirmedSince }: SyncStatus["peers"][number]): string => {
  // A daemon of an earlier version leaves them out.
  if (typeof unconfirmed !== "number" || confirmedAt === null) return "has not said what it has of ours"
  if (unconfirmed === 0) return `has all of ours (said ${ago(confirmedAt)})`
  const oldest = unconfirmedSince === null ? "" : `, the oldest of ${ago(unconfirmedSince)}`
  return `has not confirmed ${count(unconfirmed, "event")} of ours${oldest} (last said ${ago(confirmedAt)})`
}

const heldText = (held: SyncStatus["held"], all: number): ReadonlyArray<string> =>
  all === 0
    ? []
    : [
        "",
        `${count(all, "event")} held back, because ${all === 1 ? "it looks as if it" : "they look as if they"} held a secret:`,
        ...held.map(({ at, event, kinds }) => `  ${messageOf(event)}  ${kinds}, ${ago(at)}`),
        '"agentctl sync release ID" lets one leave as it is, with --redacted without what was found.'
      ]

/** People know messages; an edit of one has no other name than its event's. */
const messageOf = (event: string) => event.replace(/^evt_/, "msg_")

const quarantineText = ({ quarantine, quarantineCount }: SyncStatus): ReadonlyArray<string> =>
  quarantineCount === 0
    ? []
    : [
        "",
        `${count(quarantineCount, "line")} of the branch not taken in:`,
        ...quarantine.map(({ line, path, reason, waits }) => {
          const where = line === 0 ? path : `${path}:${line}`
          return `  ${printable(where)}  ${reason}${waits ? " (waits)" : ""}`
        })
      ]

type Plan = Result<"sync.enable">

export const planText = (plan: Plan): string => {
  const open =
    plan.public === true
      ? `${paint(process.stdout, "red", "Anybody can read this remote.")} Only --public enables it all the same.`
      : plan.public === false
        ? "It asks for credentials; whoever may read the repository will be able to read all of this."
        : "Whoever may read the repository there will be able to read all of this. Is it public? That cannot be found out from here."
  const leaves = plan.leaves.map(({ events, others, type }) => {
    const from = others > 0 ? ` (${others} of them from other machines)` : ""
    return `  ${String(events).padStart(6)}  ${type}${from}`
  })
  const messages = plan.messages.map(
    ({ at, author, text }) => `  ${ago(at).padStart(8)}  @${printable(author)}: ${oneLine(text)}`
  )
  return [
    `Agents and messages of this workspace are to be exchanged through ${printable(plan.remote)}, on the branch agentd-sync.`,
    open,
    "",
    ...(leaves.length === 0
      ? ["Nothing leaves now; what is said from now on does."]
      : ["What leaves with the first exchange:", ...leaves]),
    ...(messages.length === 0 ? [] : ["", "The newest messages among it:", ...messages]),
    ...heldText(plan.held, plan.held.length)
  ].join("\n")
}

const WIDTH = 80
const oneLine = (text: string) => {
  const characters = [...printable(text.trim().replaceAll(/\s+/g, " "))]
  return characters.length > WIDTH ? `${characters.slice(0, WIDTH - 1).join("")}…` : characters.join("")
}

export const runLine = ({ at, error, ms, quarantined, received, sent }: Result<"sync.log">["runs"][number]): string => {
  const aside = quarantined === 0 ? "" : `, ${quarantined} left aside`
  const what = error === null ? `received ${received}, sent ${sent}${aside}` : `failed: ${printable(error)}`
  return `${new Date(at).toISOString()}  ${String(ms).padStart(6)} ms  ${what}`
}
