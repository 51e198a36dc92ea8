/**
 * One asciicast v3 recording of a session and those it continues. Times in it are relative to the event before, so that the recordings can
 * follow each other: only the first keeps its header, and a marker stands where each of the others begins. Comments, with which agentd keeps
 * offsets and bytes that are no UTF-8, would be wrong in it and are left out.
 */
import type { Session } from "../../contract/session/Session.ts"

/** Seconds between two of them. The hours a machine was off are for nobody to watch. */
const PAUSE_SECONDS = 1

type Described = Pick<Session, "id" | "name" | "cols" | "rows" | "createdAt">

/** What `lines` of a session's recording, its first or later ones, are in the joint one. */
export const joinCasts = (lines: string, of: Described, first: boolean): string =>
  lines
    .split(/(?<=\n)/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => (line.startsWith("{") && !first ? beginning(of, line) : line))
    .join("")

/** A marker, the size its terminal had at its start, and a terminal without anything of the one before. */
const beginning = ({ createdAt, id, name }: Described, header: string): string => {
  const { cols, rows } = sizeIn(header)
  const events: ReadonlyArray<readonly [number, string, string]> = [
    [PAUSE_SECONDS, "m", `resumed as ${name} (${id}), ${new Date(createdAt).toISOString()}`],
    [0, "r", `${cols}x${rows}`],
    [0, "o", "\u001bc"]
  ]
  return events.map((event) => `${JSON.stringify(event)}\n`).join("")
}

const sizeIn = (header: string): { readonly cols: number; readonly rows: number } => {
  const { term } = JSON.parse(header) as { readonly term?: { readonly cols?: number; readonly rows?: number } }
  return { cols: term?.cols ?? 80, rows: term?.rows ?? 24 }
}
