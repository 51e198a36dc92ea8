/**
 * What a set of sources breaks of the house rules in `rooms.ts`: one sentence a violation, none when all is well.
 */
import { capability, packages, promiseAdapters, type Room, rooms } from "./rooms.ts"
import type { Import, Source } from "./source.ts"

const roomOf = (path: string): string => path.split("/")[0] ?? path
const ruleOf = (room: string): Room => rooms[room] ?? capability
const isCapability = (room: string): boolean => !(room in rooms)

const mayImport = (from: string, { target, typeOnly }: Import): boolean => {
  const own = roomOf(from)
  const other = roomOf(target)
  const rule = ruleOf(own)
  return (
    own === other ||
    rule.may.includes(other) ||
    (isCapability(other) && rule.may.includes("capabilities")) ||
    (typeOnly && (rule.types ?? []).includes(other)) ||
    (rule.files ?? []).includes(target)
  )
}

const layering = (source: Source): ReadonlyArray<string> =>
  source.imports
    // Out of src/ there is only the package's manifest.
    .filter((to) => to.relative && !to.target.endsWith("package.json") && !mayImport(source.path, to))
    .map(
      (to) =>
        `${source.path} imports ${to.target}: ${roomOf(source.path)} may not import ${to.typeOnly ? "" : "values from "}${roomOf(to.target)}`
    )

const restrictedPackages = (source: Source): ReadonlyArray<string> =>
  source.imports
    .filter((to) => !to.relative)
    .flatMap((to) => {
      const name = Object.keys(packages).find((key) => to.target === key || to.target.startsWith(`${key}/`))
      const places = name === undefined ? undefined : packages[name]
      return places === undefined || places.some((place) => source.path.startsWith(place))
        ? []
        : [`${source.path} imports ${to.target}: only ${places.join(" and ")} may`]
    })

const rawFacilities = (source: Source): ReadonlyArray<string> =>
  ruleOf(roomOf(source.path)).raw
    ? []
    : source.raw
        .filter((use) => use !== "async function" || !promiseAdapters.includes(source.path))
        .map((use) => `${source.path} uses ${use}: take it from Effect (Clock, Config, Effect)`)

/** A command says what it is for in its `summary`, which people read in its help. */
const beginning = (source: Source): ReadonlyArray<string> =>
  source.opensWithDocComment || source.path.startsWith("cli/commands/")
    ? []
    : [`${source.path} does not open with a doc comment that says what it is for`]

const usesEffect = ({ target, typeOnly }: Import): boolean => !typeOnly && /^(@effect\/[^/]+|effect)(\/|$)/.test(target)

/** Rooms without the Effect runtime must not get it through a file they import either: it would cost every command its start-up time. */
const runtime = (sources: ReadonlyArray<Source>): ReadonlyArray<string> => {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const trail = (path: string, before: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (before.includes(path)) return undefined
    const source = byPath.get(path)
    const here = [...before, path]
    if (source?.imports.some(usesEffect)) return here
    for (const to of source?.imports ?? []) {
      const found = to.relative && !to.typeOnly ? trail(to.target, here) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  return sources
    .filter((source) => !ruleOf(roomOf(source.path)).effect)
    .flatMap((source) => {
      const found = trail(source.path, [])
      return found === undefined ? [] : [`${source.path} loads the Effect runtime: ${found.join(" → ")} → effect`]
    })
}

/** Places that import each other in a circle, types included: such a circle cannot be understood one place at a time. */
const circles = (
  sources: ReadonlyArray<Source>,
  what: string,
  placeOf: (path: string) => string | undefined,
  together: (one: string, other: string) => boolean = () => true
): ReadonlyArray<string> => {
  const edges = new Map<string, Set<string>>()
  for (const source of sources) {
    const from = placeOf(source.path)
    for (const { relative, target } of source.imports) {
      const to = relative ? placeOf(target) : undefined
      if (from === undefined || to === undefined || from === to || !together(from, to)) continue
      edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
  const found: Array<string> = []
  const visit = (place: string, path: ReadonlyArray<string>): void => {
    const start = path.indexOf(place)
    if (start >= 0) {
      const circle = path.slice(start)
      // Told once, beginning with its first place in the alphabet.
      if (circle.every((other) => place <= other))
        found.push(`${what} import each other in a circle: ${[...circle, place].join(" → ")}`)
      return
    }
    for (const next of edges.get(place) ?? []) visit(next, [...path, place])
  }
  for (const place of edges.keys()) visit(place, [])
  return [...new Set(found)]
}

const capabilityOf = (path: string): string | undefined => (isCapability(roomOf(path)) ? roomOf(path) : undefined)

/** The folder of a room, as `sessions/life`; what lies in front of a room belongs to none. */
const folderOf = (path: string): string | undefined => /^[^/]+\/[^/]+(?=\/)/.exec(path)?.[0]

export const violations = (sources: ReadonlyArray<Source>): ReadonlyArray<string> => [
  ...sources.flatMap((source) => [
    ...layering(source),
    ...restrictedPackages(source),
    ...rawFacilities(source),
    ...beginning(source)
  ]),
  ...runtime(sources),
  ...circles(sources, "capabilities", capabilityOf),
  ...circles(sources, "folders of a room", folderOf, (one, other) => roomOf(one) === roomOf(other))
]
