/**
 * Memory that outlives this process: a file mapped into it (mmap(2), MAP_SHARED). What was written there before a SIGKILL is in
 * the file afterwards, because the pages belong to the kernel.
 */
import { closeSync, constants, openSync } from "node:fs"
import { createRequire } from "node:module"
import type * as Koffi from "koffi"
import { libc } from "../Libc.ts"

const require = createRequire(import.meta.url)

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1

interface Mapper {
  readonly map: (fd: number, size: number) => { readonly buffer: Buffer; readonly unmap: () => void }
}

let loaded: Mapper | undefined

const mapper = (): Mapper => {
  if (loaded === undefined) {
    const koffi = require("koffi") as typeof Koffi
    const c = koffi.load(null)
    const mmap = c.func("void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)")
    const munmap = c.func("int munmap(void *addr, size_t length)")
    loaded = {
      map: (fd, size) => {
        const pointer: unknown = mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
        // MAP_FAILED is the address with every bit set.
        if (koffi.address(pointer) === 2n ** 64n - 1n) throw new Error(`mmap: errno ${koffi.errno()}`)
        return { buffer: Buffer.from(koffi.view(pointer, size)), unmap: () => void munmap(pointer, size) }
      }
    }
  }
  return loaded
}

export interface SharedMemory {
  readonly buffer: Buffer
  /** The buffer must not be touched afterwards. */
  readonly close: () => void
}

/**
 * Maps the file, made or brought to `size` bytes; new bytes are zero and cost no memory until they are written. Its room on disk is
 * taken at once: writing to a mapped page that has none is a SIGBUS, not an error.
 */
export const mapShared = (path: string, size: number): SharedMemory => {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    const refused = libc().posix_fallocate?.(fd, 0n, BigInt(size)) ?? 0
    if (refused !== 0) throw new Error(`no room for ${path} (errno ${refused})`)
    const { buffer, unmap } = mapper().map(fd, size)
    return { buffer, close: unmap }
  } finally {
    closeSync(fd)
  }
}
