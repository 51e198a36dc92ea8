/**
 * The configuration in force: read at start, read again on request, never half applied.
 */
import { Context, Effect, FileSystem, Layer, Ref, Semaphore } from "effect"
import type { Configuration, Key } from "../contract/config/Config.ts"
import type { ConfigShowResult } from "../contract/Daemon.ts"
import type { ConfigInvalid, InvalidParams } from "../contract/errors/Errors.ts"
import type { SandboxProfile } from "../contract/session/Sandbox.ts"
import { environmentLayer, type Flags, flagLayer } from "./Environment.ts"
import { type ConfigFile, listFiles, type Roots, readFile } from "./Files.ts"
import { changes, type Merged, mergeLayers, valuesOf } from "./Layers.ts"
import { readProfile } from "./Profiles.ts"

export interface SettingsOptions {
  readonly roots: Roots
  readonly flags?: Flags
}

interface Loaded {
  readonly files: ReadonlyArray<ConfigFile>
  readonly merged: Merged
}

export class Settings extends Context.Service<
  Settings,
  {
    /** Ask each time a value is needed: a reload may have changed it. */
    readonly current: Effect.Effect<Configuration>
    /** The keys an administrator has locked, each with the place its value comes from. */
    readonly locked: Effect.Effect<ReadonlyMap<Key, string>>
    /** A sandbox profile as it is at this moment; null for the one that shuts nothing off. */
    readonly profile: (name: string) => Effect.Effect<SandboxProfile | null, ConfigInvalid | InvalidParams>
    /** Reads every layer again and takes all of it, or nothing. `restart`: what of `changed` needs a new daemon. */
    readonly reload: Effect.Effect<
      { readonly changed: ReadonlyArray<Key>; readonly restart: ReadonlyArray<Key> },
      ConfigInvalid
    >
    /** What a reload would find: everything wrong in the layers as they are now, and the keys that differ from what is in force. */
    readonly onDisk: Effect.Effect<{
      readonly problems: ReadonlyArray<ConfigInvalid>
      readonly changed: ReadonlyArray<Key>
      readonly restart: ReadonlyArray<Key>
    }>
    /** The answer of `config.show`. */
    readonly show: Effect.Effect<typeof ConfigShowResult.Type>
  }
>()("agentd/config/Settings") {
  static readonly layer = (options: SettingsOptions) =>
    Layer.effect(
      Settings,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const read = load(options).pipe(Effect.provideService(FileSystem.FileSystem, fs))
        const valid = Effect.flatMap(read, withoutProblems)
        const state = yield* Ref.make(yield* valid)
        const oneAtATime = yield* Semaphore.make(1)
        return Settings.of({
          current: Effect.map(Ref.get(state), ({ merged }) => valuesOf(merged)),
          locked: Effect.map(Ref.get(state), ({ merged }) => lockedKeys(merged)),
          profile: (name) => readProfile(name, options.roots).pipe(Effect.provideService(FileSystem.FileSystem, fs)),
          reload: oneAtATime.withPermits(1)(
            Effect.gen(function* () {
              const after = yield* valid
              const before = yield* Ref.getAndSet(state, after)
              return changes(before.merged, after.merged)
            })
          ),
          onDisk: Effect.gen(function* () {
            const { merged } = yield* read
            return { problems: merged.problems, ...changes((yield* Ref.get(state)).merged, merged) }
          }).pipe(Effect.catch((problem) => Effect.succeed({ problems: [problem], changed: [], restart: [] }))),
          show: Effect.map(Ref.get(state), show)
        })
      })
    )
}

/** Every layer, merged, with every problem there is. */
const load = Effect.fn("Settings.load")(function* ({ flags, roots }: SettingsOptions) {
  const files = yield* listFiles(roots)
  const layers = yield* Effect.forEach(
    files.filter((file) => file.exists),
    (file) => readFile(file, roots.uid)
  )
  const merged = mergeLayers([...layers, yield* environmentLayer, flagLayer(flags ?? {})])
  return { files, merged } satisfies Loaded
})

const withoutProblems = (loaded: Loaded): Effect.Effect<Loaded, ConfigInvalid> => {
  const [problem] = loaded.merged.problems
  return problem === undefined ? Effect.succeed(loaded) : Effect.fail(problem)
}

const lockedKeys = ({ entries }: Merged): ReadonlyMap<Key, string> =>
  new Map(
    [...entries.values()]
      .filter(({ locked }) => locked)
      .map(({ key, line, origin }) => [key, line === null ? origin : `${origin}:${line}`])
  )

const show = ({ files, merged }: Loaded): typeof ConfigShowResult.Type => ({
  values: [...merged.entries.values()].map(({ key, line, locked, origin, value }) => ({
    key,
    value,
    origin,
    line,
    locked
  })),
  files: files.map(({ exists, path }) => ({ path, exists }))
})
