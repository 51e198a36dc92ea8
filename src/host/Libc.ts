/**
 * The C library's functions that Node does not offer, typed, in one file. Loaded on first use.
 *
 * Through Node's own FFI where it has one (26.1 and newer), else through koffi, which costs every daemon 4 MB of memory. Both
 * find the symbols in the running process, so no library has to be opened by name.
 */
import { createRequire } from "node:module"
import type * as Koffi from "koffi"

const require = createRequire(import.meta.url)

/** What a function takes and returns. A `buffer` travels as the address of its first byte, `strings` as a `char **` with NULL at its end. */
interface Signature {
  readonly arguments: ReadonlyArray<"i32" | "u64" | "buffer" | "strings">
  readonly return: "i32"
}

const everywhere = {
  getsockopt: { arguments: ["i32", "i32", "i32", "buffer", "buffer"], return: "i32" },
  flock: { arguments: ["i32", "i32"], return: "i32" },
  fcntl: { arguments: ["i32", "i32", "i32"], return: "i32" },
  mkfifo: { arguments: ["buffer", "i32"], return: "i32" }
} as const satisfies Record<string, Signature>

const glibc = {
  malloc_trim: { arguments: ["u64"], return: "i32" }
} as const satisfies Record<string, Signature>

const linux = {
  posix_fallocate: { arguments: ["i32", "u64", "u64"], return: "i32" },
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  connect: { arguments: ["i32", "buffer", "i32"], return: "i32" }
} as const satisfies Record<string, Signature>

/** Starting and awaiting programs, as glibc 2.29 and musl 1.2 have it. */
const spawning = {
  execve: { arguments: ["buffer", "strings", "strings"], return: "i32" },
  memfd_create: { arguments: ["buffer", "i32"], return: "i32" },
  posix_spawn: { arguments: ["buffer", "buffer", "buffer", "buffer", "strings", "strings"], return: "i32" },
  posix_spawn_file_actions_addchdir_np: { arguments: ["buffer", "buffer"], return: "i32" },
  posix_spawn_file_actions_adddup2: { arguments: ["buffer", "i32", "i32"], return: "i32" },
  posix_spawn_file_actions_addopen: { arguments: ["buffer", "i32", "buffer", "i32", "i32"], return: "i32" },
  posix_spawn_file_actions_destroy: { arguments: ["buffer"], return: "i32" },
  posix_spawn_file_actions_init: { arguments: ["buffer"], return: "i32" },
  posix_spawnattr_destroy: { arguments: ["buffer"], return: "i32" },
  posix_spawnattr_init: { arguments: ["buffer"], return: "i32" },
  posix_spawnattr_setflags: { arguments: ["buffer", "i32"], return: "i32" },
  posix_spawnattr_setsigdefault: { arguments: ["buffer", "buffer"], return: "i32" },
  posix_spawnattr_setsigmask: { arguments: ["buffer", "buffer"], return: "i32" },
  sigemptyset: { arguments: ["buffer"], return: "i32" },
  sigfillset: { arguments: ["buffer"], return: "i32" },
  tcgetattr: { arguments: ["i32", "buffer"], return: "i32" },
  tcsetattr: { arguments: ["i32", "i32", "buffer"], return: "i32" },
  waitpid: { arguments: ["i32", "buffer", "i32"], return: "i32" }
} as const satisfies Record<string, Signature>

interface Values {
  readonly i32: number
  readonly u64: bigint
  readonly buffer: Buffer
  readonly strings: ReadonlyArray<string>
}

type Given<Types extends ReadonlyArray<keyof Values>> = { -readonly [At in keyof Types]: Values[Types[At]] }
type Called<S extends Signature> = (...values: Given<S["arguments"]>) => number

/** Those that start and await programs. */
export type Spawning = { readonly [Name in keyof typeof spawning]: Called<(typeof spawning)[Name]> }

export interface Libc {
  /** The last argument holds the length before and after, as 4 bytes in the machine's order. */
  readonly getsockopt: (fd: number, level: number, name: number, value: Buffer, length: Buffer) => number
  readonly flock: (fd: number, operation: number) => number
  readonly fcntl: (fd: number, command: number, argument: number) => number
  /** The path ends with a NUL. */
  readonly mkfifo: (path: Buffer, mode: number) => number
  readonly malloc_trim?: (pad: bigint) => number
  /** Answers the error number itself, 0 for none. */
  readonly posix_fallocate?: (fd: number, offset: bigint, length: bigint) => number
  /** With Linux's flags in the type: non-blocking, close-on-exec. */
  readonly socket?: (domain: number, type: number, protocol: number) => number
  readonly connect?: (fd: number, address: Buffer, length: number) => number
}

type Functions = Readonly<Record<string, unknown>>

let spawner: Spawning | null | undefined

/** Null where the C library is not one that is known here. */
export const spawningLibc = (): Spawning | null => {
  if (spawner === undefined) {
    const found = process.platform === "linux" ? optional(spawning) : {}
    spawner = "posix_spawn" in found ? (found as unknown as Spawning) : null
  }
  return spawner
}

let loaded: Libc | undefined

export const libc = (): Libc => {
  loaded ??= { ...find(everywhere), ...optional(glibc), ...optional(linux) } as unknown as Libc
  return loaded
}

const find = (signatures: Readonly<Record<string, Signature>>): Functions =>
  fromNode(signatures) ?? fromKoffi(signatures)

/** Another C library lacks these. */
const optional = (signatures: Readonly<Record<string, Signature>>): Functions => {
  try {
    return find(signatures)
  } catch {
    return {}
  }
}

const fromNode = (signatures: Readonly<Record<string, Signature>>): Functions | undefined => {
  const ffi = process.getBuiltinModule("node:ffi")
  if (ffi === undefined) return undefined
  const plain = Object.entries(signatures).map(([name, { arguments: types, return: result }]) => [
    name,
    { arguments: types.map((type) => (type === "strings" ? "buffer" : type)), return: result }
  ])
  const { functions } = ffi.dlopen(null, Object.fromEntries(plain))
  return Object.fromEntries(
    Object.entries(signatures).map(([name, { arguments: types }]) => {
      const call = functions[name] as (...values: ReadonlyArray<unknown>) => unknown
      if (!types.includes("strings")) return [name, call]
      return [
        name,
        (...given: ReadonlyArray<unknown>) => {
          const lists = given.map((value, at) =>
            types[at] === "strings" ? pointers(value as ReadonlyArray<string>, ffi.getRawPointer) : null
          )
          return call(...given.map((value, at) => lists[at]?.list ?? value))
        }
      ]
    })
  )
}

/** A `char **`. The strings are held beside it: what only C points to would be collected. */
const pointers = (strings: ReadonlyArray<string>, addressOf: (buffer: Buffer) => bigint) => {
  const held = strings.map((text) => Buffer.from(`${text}\0`))
  const list = Buffer.alloc((held.length + 1) * 8)
  for (const [at, text] of held.entries()) list.writeBigUInt64LE(addressOf(text), at * 8)
  return { list, held }
}

const KOFFI_TYPES = { i32: "int", u64: "size_t", buffer: "void *", strings: "const char **" } as const

const fromKoffi = (signatures: Readonly<Record<string, Signature>>): Functions => {
  const koffi = require("koffi") as typeof Koffi
  const c = koffi.load(null)
  return Object.fromEntries(
    Object.entries(signatures).map(([name, { arguments: types, return: result }]) => {
      const parameters = types.map((type) => KOFFI_TYPES[type]).join(", ")
      const call = c.func(`${KOFFI_TYPES[result]} ${name}(${parameters})`)
      const ended = (value: unknown, at: number) => (types[at] === "strings" ? [...(value as []), null] : value)
      return [name, types.includes("strings") ? (...given: ReadonlyArray<unknown>) => call(...given.map(ended)) : call]
    })
  )
}

/** Marks a descriptor close-on-exec, so that programs started later do not inherit it (fcntl(2)); or takes the mark away. */
export const closeOnExec = (fd: number, close = true): void => {
  const F_GETFD = 1
  const F_SETFD = 2
  const FD_CLOEXEC = 1
  const c = libc()
  const flags = c.fcntl(fd, F_GETFD, 0)
  const wanted = close ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC
  if (flags < 0 || c.fcntl(fd, F_SETFD, wanted) < 0) throw new Error(`fcntl(${fd}) failed`)
}
