/**
 * A machine's configuration directories, made of real files in a directory of their own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { ConfigProvider, Effect, type FileSystem, Layer } from "effect"
import type { Flags } from "../../src/config/Environment.ts"
import { Settings } from "../../src/config/Settings.ts"

export class Machine {
  readonly directory = mkdtempSync(join(tmpdir(), "agentd-config-"))
  readonly roots = {
    vendor: join(this.directory, "usr/share/agentd"),
    admin: join(this.directory, "etc/agentd"),
    user: join(this.directory, "home/.config/agentd"),
    uid: process.getuid!()
  }
  readonly files = {
    vendor: join(this.roots.vendor, "agentd.toml"),
    admin: join(this.roots.admin, "agentd.toml"),
    user: join(this.roots.user, "agentd.toml")
  }

  /** Writes a file, by one of the three names or a path below `/etc/agentd/conf.d`. */
  write(name: keyof Machine["files"] | `conf.d/${string}`, text: string | Uint8Array): string {
    const path = name in this.files ? this.files[name as keyof Machine["files"]] : join(this.roots.admin, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o644 })
    return path
  }

  /** Runs a program with the settings of this machine, and no environment but `env`. */
  run<A, E>(
    program: Effect.Effect<A, E, Settings | FileSystem.FileSystem>,
    { env = {}, flags = {} }: { env?: Record<string, string>; flags?: Flags } = {}
  ): Promise<A> {
    const settings = Settings.layer({ roots: this.roots, flags }).pipe(
      Layer.provideMerge(NodeFileSystem.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
    return Effect.runPromise(
      program.pipe(Effect.provide(settings), Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
    )
  }

  [Symbol.dispose]() {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
