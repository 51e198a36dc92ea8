/**
 * Who of a session's clients may type, whose size counts, and whose terminal answers when the program asks it something: decisions over
 * what is known of each client, without I/O.
 */
import type { SizePolicy } from "../../contract/session/Session.ts"

export interface Role {
  readonly id: string
  readonly mode: "write" | "view"
  /** Its terminal; null: it has none, and no say in the size. */
  readonly size: { readonly cols: number; readonly rows: number } | null
  /** When it came: a smaller number is earlier. */
  readonly came: number
  /** When it last came, changed its size, or typed. */
  readonly active: number
  /** It took the keyboard for itself. */
  readonly took: boolean
}

type Sized = Role & { readonly size: NonNullable<Role["size"]> }

const terminals = (roles: ReadonlyArray<Role>): ReadonlyArray<Sized> =>
  roles.filter((role): role is Sized => role.mode === "write" && role.size !== null)

const most = <A>(all: ReadonlyArray<A>, rank: (one: A) => number): A | undefined =>
  all.reduce<A | undefined>((best, one) => (best === undefined || rank(one) > rank(best) ? one : best), undefined)

/** Null: nobody has a say, and the size stays as it is. */
export const decideSize = (
  policy: SizePolicy,
  roles: ReadonlyArray<Role>
): { readonly cols: number; readonly rows: number } | null => {
  const all = terminals(roles)
  if (all.length === 0) return null
  switch (policy) {
    case "latest":
      return most(all, ({ active }) => active)!.size
    case "smallest":
      return {
        cols: Math.min(...all.map(({ size }) => size.cols)),
        rows: Math.min(...all.map(({ size }) => size.rows))
      }
    case "owner":
      return (all.find(({ took }) => took) ?? most(all, ({ came }) => -came)!).size
  }
}

/** One terminal answers, and goes on doing so while it can: two would answer twice. */
export const decideAnswerer = (current: string | null, roles: ReadonlyArray<Role>): string | null => {
  const all = terminals(roles)
  if (all.some(({ id }) => id === current)) return current
  return most(all, ({ active }) => active)?.id ?? null
}
