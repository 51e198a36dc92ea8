/** Recordings of real programs (programs/record.ts makes them), and what each says about itself at its markers. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import { Effect } from "effect"
import { makeEmulator } from "../../../src/sessions/screen/Emulator.ts"
import { snapshot } from "../../../src/sessions/screen/Snapshot.ts"
import { type Sighting, type Snapshot, snapshotOf } from "../../../src/sessions/state/Detector.ts"

/** What the script knew to be true when it set the marker. */
export interface Truth {
  /** `gone`: the program has ended and a shell is there. `elsewhere`: it lent the terminal to another program. */
  readonly state: Sighting["state"] | "gone" | "elsewhere"
  /** What has to be part of the question. */
  readonly asks?: string
  /** For people. */
  readonly note?: string
}

/** A screen of the recording: at a marker, or (`truth` is null) after output between two. */
export interface Shown {
  readonly truth: Truth | null
  readonly screen: Snapshot
}

const FOLDER = join(import.meta.dirname, "fixtures")

/** Their names: `claude-80x24`. */
export const recordings: ReadonlyArray<string> = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".cast.zst"))
  .map((file) => file.slice(0, -".cast.zst".length))

/** The program that was recorded: `claude`. */
export const programOf = (recording: string): string => recording.slice(0, recording.lastIndexOf("-"))

/** Played through the daemon's own emulator, which answers nothing, as fast as it can. */
export const play = (recording: string): Promise<ReadonlyArray<Shown>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const text = zstdDecompressSync(readFileSync(join(FOLDER, `${recording}.cast.zst`))).toString()
      const [header, ...events] = text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      const emulator = yield* makeEmulator(header.term)
      const shown: Array<Shown> = []
      for (const [, kind, data] of events as ReadonlyArray<[number, string, string]>) {
        if (kind === "o") yield* emulator.write(Buffer.from(data))
        const screen = snapshotOf(snapshot(emulator, 0, "text"))
        shown.push({ truth: kind === "m" ? (JSON.parse(data) as Truth) : null, screen })
      }
      emulator.dispose()
      return shown
    })
  )
