/** Unit files against the templates they were made from: what they say counts, not their comments. Pure. */
import { MARK } from "../service/OwnFiles.ts"

export interface UnitFile {
  /** Below a folder of units: `agentd.service`, `agentd.service.d/20-sandbox.conf`. */
  readonly name: string
  readonly path: string
  readonly text: string
}

export interface Difference {
  readonly unit: string
  /** For people: which file, and what of it. */
  readonly what: string
  /** Null for a file that is missing. */
  readonly path: string | null
  /** Null: it depends on where the file lies. */
  readonly fix: string | null
}

const PROGRAMS = "@bindir@"

/** A drop-in for a later systemd says so in its name. */
const needs = (name: string): number => Number(/systemd-(\d+)\.conf$/.exec(name)?.[1] ?? 0)

/** Written for the user by `agentctl service install`, which can write it again. */
const isOurs = (text: string): boolean => text.includes(MARK)

const meaning = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith(";"))

/** The first line that differs; null when they say the same. Where the programs are may differ. */
const firstDifference = (template: string, installed: string): string | null => {
  const [wanted, found] = [meaning(template), meaning(installed)]
  for (let at = 0; at < Math.max(wanted.length, found.length); at++) {
    const [want, have] = [wanted[at], found[at]]
    if (want === undefined || have === undefined) return have ?? `${want} is missing`
    const [before, after] = want.split(PROGRAMS)
    const same = after === undefined ? want === have : have.startsWith(before!) && have.endsWith(after)
    if (!same) return have
  }
  return null
}

export const compareUnits = (
  shipped: ReadonlyArray<UnitFile>,
  installed: ReadonlyArray<UnitFile>,
  systemd: number
): { readonly differences: ReadonlyArray<Difference>; readonly own: ReadonlyArray<string> } => {
  const unitOf = (name: string) => name.split("/")[0]!.replace(/\.d$/, "")
  const differences = shipped.flatMap((template): ReadonlyArray<Difference> => {
    const { name } = template
    const found = installed.find((file) => file.name === name)
    const unit = unitOf(name)
    const tooNew = needs(name) > systemd
    if (found === undefined) return tooNew ? [] : [{ unit, what: `${name} is missing`, path: null, fix: null }]
    const { path, text } = found
    const fix = isOurs(text) ? "agentctl service install && agentctl service restart" : null
    if (tooNew)
      return [
        { unit, what: `${path} is for systemd ${needs(name)}`, path, fix: fix ?? "sudo /usr/lib/agentd/units features" }
      ]
    const line = firstDifference(template.text, text)
    return line === null ? [] : [{ unit, what: `${path} differs ("${line}")`, path, fix }]
  })
  const own = installed.filter(({ name }) => !shipped.some((file) => file.name === name)).map(({ path }) => path)
  return { differences, own }
}
