/**
 * The C library's functions that Node does not offer, typed, in one file. Loaded on first use.
 *
 * Through Node's own FFI where it has one (26.1 and newer), else through koffi, which costs every daemon 4 MB of memory. Both
 * find the symbols in the running process, so no library has to be opened by name.
 */
import { createRequire } from "node:module"
import type * as Koffi from "koffi"

const require = createRequire(import.meta.url)

/** What a function takes and returns. A `buffer` travels as the address of its first byte. */
interface Signature {
  readonly arguments: ReadonlyArray<"i32" | "u64" | "buffer">
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
  posix_fallocate: { arguments: ["i32", "u64", "u64"], return: "i32" }
} as const satisfies Record<string, Signature>

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
}

type Functions = Readonly<Record<string, unknown>>

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

const fromNode = (signatures: Readonly<Record<string, Signature>>): Functions | undefined =>
  process.getBuiltinModule("node:ffi")?.dlopen(null, signatures).functions

const KOFFI_TYPES = { i32: "int", u64: "size_t", buffer: "void *" } as const

const fromKoffi = (signatures: Readonly<Record<string, Signature>>): Functions => {
  const koffi = require("koffi") as typeof Koffi
  const c = koffi.load(null)
  return Object.fromEntries(
    Object.entries(signatures).map(([name, signature]) => {
      const parameters = signature.arguments.map((type) => KOFFI_TYPES[type]).join(", ")
      return [name, c.func(`${KOFFI_TYPES[signature.return]} ${name}(${parameters})`)]
    })
  )
}

/** Marks a descriptor close-on-exec, so that programs started later do not inherit it (fcntl(2)). */
export const closeOnExec = (fd: number): void => {
  const F_GETFD = 1
  const F_SETFD = 2
  const FD_CLOEXEC = 1
  const c = libc()
  const flags = c.fcntl(fd, F_GETFD, 0)
  if (flags < 0 || c.fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) throw new Error(`fcntl(${fd}) failed`)
}
