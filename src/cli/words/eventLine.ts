/** An event for people: a line, with nothing in it that could steer the terminal. */
import type { Event } from "../../contract/Event.ts"
import { paint, printable } from "../Paint.ts"

export const eventLine = (event: Event): string => {
  const { type, ...fields } = event.body
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${printable(typeof value === "string" ? value : JSON.stringify(value))}`)
  return `${eventPlace(event)} ${facts.join(" ")}`
}

/** Its number, its time and what kind it is. */
export const eventPlace = ({ at, body, seq }: Event): string => {
  const when = paint(process.stdout, "dim", `${String(seq).padStart(6)} ${new Date(at).toISOString()}`)
  return `${when} ${paint(process.stdout, "bold", body.type)}`
}
