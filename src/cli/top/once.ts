/** `agentctl top` without a terminal: two looks, and the difference between them as a table or JSON. */
import type { Client } from "../../client/Client.ts"
import { compact } from "../fullscreen/cells.ts"
import { age, bytes, commandLine, printable, table } from "../Paint.ts"
import { stateText } from "./picture.ts"
import { look, type Row, rowsOf, type Sort, sorted } from "./Row.ts"

export const sample = async (client: Client, intervalMs: number, by: Sort): Promise<ReadonlyArray<Row>> => {
  const list = async () => (await client.call("session.list", { usage: true })).sessions
  const first = look(null, await list(), performance.now(), Date.now())
  await new Promise((resolve) => setTimeout(resolve, intervalMs))
  return sorted(rowsOf(look(first, await list(), performance.now(), Date.now())), by)
}

export const asJson = ({ cpuHistory: _, outputHistory: __, ...row }: Row): object => row

export const asTable = (rows: ReadonlyArray<Row>): string =>
  table(rows, [
    { title: "NAME", value: ({ name }) => printable(name), colour: () => "bold" },
    { title: "STATE", value: stateText },
    { title: "CPU%", value: ({ cpu }) => (cpu === null ? "-" : cpu.toFixed(1)) },
    { title: "MEMORY", value: ({ memoryBytes }) => (memoryBytes === null ? "-" : bytes(memoryBytes)) },
    { title: "TASKS", value: ({ tasks }) => String(tasks ?? "-") },
    { title: "OUTPUT/S", value: ({ outputRate }) => compact(outputRate) },
    { title: "AGE", value: ({ ageMs }) => age(0, ageMs) },
    { title: "COMMAND", value: ({ argv }) => commandLine(argv) }
  ])
