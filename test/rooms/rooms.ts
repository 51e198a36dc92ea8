/**
 * The house as data: which room of `src/` may import what. `docs/architecture.md` tells it to people, this file to the checker.
 *
 * A folder that is not named here is a capability: a new one needs no line.
 */

export interface Room {
  /** Rooms it may import. `capabilities` stands for all of them. */
  readonly may: ReadonlyArray<string>
  /** Rooms it may import types from, besides. */
  readonly types?: ReadonlyArray<string>
  /** Files it may import values from, besides. */
  readonly files?: ReadonlyArray<string>
  /** Whether its code may run the Effect runtime, directly or through what it imports. */
  readonly effect: boolean
  /** Whether it may read the clock and the environment and use raw promises, instead of asking Effect. */
  readonly raw: boolean
}

/** Plain constants and functions, which import nothing but types: the thin client reads them before it has loaded anything else. */
const constants = [
  "contract/Limits.ts",
  "contract/Frames.ts",
  "contract/CopyFrames.ts",
  "contract/errors/ErrorCodes.ts",
  "contract/Findings.ts",
  "contract/session/Refreshed.ts",
  "contract/text/SecretText.ts",
  "contract/text/ShellWord.ts",
  "contract/tools/ToolLimits.ts"
]

export const capability: Room = {
  may: ["contract", "store", "host", "capabilities"],
  effect: true,
  raw: false
}

export const rooms: Readonly<Record<string, Room>> = {
  contract: { may: [], effect: true, raw: false },
  wire: { may: ["contract"], effect: true, raw: false },
  host: { may: ["contract"], effect: true, raw: true },
  store: { may: ["contract"], effect: true, raw: false },
  doors: { may: ["contract", "wire", "host", "capabilities"], effect: true, raw: false },
  daemon: { may: ["contract", "wire", "host", "store", "capabilities", "doors"], effect: true, raw: false },
  client: { may: ["wire"], types: ["contract"], files: constants, effect: false, raw: true },
  cli: { may: ["client"], types: ["contract"], files: constants, effect: false, raw: true }
}

/**
 * Files whose async functions never leave them: each runs whole inside one `Effect.tryPromise`, because half of a repair or of
 * a compression must not be what an interruption leaves behind.
 */
export const promiseAdapters: ReadonlyArray<string> = [
  "sessions/transcript/Archive.ts",
  "sessions/transcript/LiveReader.ts",
  "sessions/transcript/Repair.ts"
]

/** Packages that only some places may import: the first path, room or file, that fits decides. */
export const packages: Readonly<Record<string, ReadonlyArray<string>>> = {
  // FFI and native addons can crash the process: one room answers for them.
  koffi: ["host/"],
  "node-pty": ["host/"],
  "sd-notify": ["host/"],
  // One room opens a database; one file knows that the driver is a beta.
  "node:sqlite": ["store/"],
  "@effect/sql-sqlite-node": ["store/Sqlite.ts"],
  "smol-toml": ["config/"],
  "@xterm": ["sessions/"],
  "@oclif": ["cli/"],
  // Loaded by one command only, from a bundle of its own.
  "@modelcontextprotocol": ["cli/mcp/"]
}
