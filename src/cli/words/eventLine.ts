/** An event for people: a line, with nothing in it that could steer the terminal. */
import type { Event } from "../../contract/Event.ts"
import { paint, printable } from "../Paint.ts"

export const eventLine = ({ seq, at, body }: Event): string => {
  const { type, ...fields } = body
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${printable(typeof value === "string" ? value : JSON.stringify(value))}`)
  return `${paint(process.stdout, "dim", `${String(seq).padStart(6)} ${new Date(at).toISOString()}`)} ${paint(process.stdout, "bold", type)} ${facts.join(" ")}`
}
