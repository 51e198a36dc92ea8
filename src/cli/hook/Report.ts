/** What a program's hook says, as the daemon takes it: a pure function for each program, over JSON that may hold anything. */
import type { ReportParams } from "../../contract/session/SessionState.ts"

export type Report = Pick<ReportParams, "question" | "reminder" | "state">

/** What a hook is given, with any or none of its fields. Null: it says nothing about the state. */
export type Reading = (payload: Readonly<Record<string, unknown>>) => Report | null

/** Characters of a question; the daemon cuts it to a line. */
const MAX_QUESTION = 1000

export const text = (value: unknown): string => (typeof value === "string" ? value : "")

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

export const asks = (state: "needs-permission" | "waiting-input", question: string): Report =>
  question === "" ? { state } : { state, question: question.slice(0, MAX_QUESTION) }

/** "Bash: rm -rf build": the tool, and what of its input a person decides by. */
export const toolUse = (tool: unknown, input: unknown): string => {
  const { command, file_path, path, pattern, query, url } = record(input)
  const about = [command, file_path, path, url, query, pattern].map(asText).find((one) => one !== "") ?? ""
  return [text(tool), about].filter((one) => one !== "").join(": ")
}

const asText = (value: unknown): string =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string").join(" ") : text(value)
