/**
 * The tree that a Linux package installs, the same for .deb and .rpm but for the places that differ between the two families.
 *
 * Everything of ours is in /usr/lib/agentd, with its own Node: neither the machine's Node nor its absence matters.
 */
import {
  chmodSync,
  cpSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import { script } from "../../../src/cli/completion/scripts.ts"
import { compileNotifyAddon, compileTerminalAddon, hasSystemdHeaders } from "../../native/compile.mjs"
import { configurationSchema } from "../docs/configuration.ts"
import { journalCatalog } from "../docs/log.ts"
import { manPages } from "../docs/man.ts"
import { root } from "../root.ts"
import { PackageError, run } from "./command.ts"
import { copyright } from "./copyright.ts"
import { type Release, SUMMARY } from "./release.ts"

export type Family = "deb" | "rpm"

/** Packages that the daemon loads from `node_modules` when it runs, and the files of each that it needs. */
const RUNTIME: Readonly<Record<string, RegExp>> = {
  "@koromix/koffi-linux-x64": /^(package\.json|index\.js|linux_x64\/koffi\.node)$/,
  "@xterm/headless": /^(package\.json|lib-headless\/xterm-headless\.js)$/,
  bindings: /^(package\.json|bindings\.js)$/,
  "file-uri-to-path": /^(package\.json|index\.js)$/,
  koffi: /^(package\.json|index\.(c?js)|indirect\.(c?js)|src\/koffi\/.*(?<!trampolines)\.(c?js))$/,
  "sd-notify": /^(package\.json|index\.js|notify\.cc)$/
}
const NODE = `node-${process.platform}-${process.arch}`

const COMPLETIONS: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  deb: {
    bash: "usr/share/bash-completion/completions/agentctl",
    zsh: "usr/share/zsh/vendor-completions/_agentctl",
    fish: "usr/share/fish/vendor_completions.d/agentctl.fish"
  },
  rpm: {
    bash: "usr/share/bash-completion/completions/agentctl",
    zsh: "usr/share/zsh/site-functions/_agentctl",
    fish: "usr/share/fish/vendor_completions.d/agentctl.fish"
  }
}

/** Where a family looks for licences, and has the text of the Apache License. */
const LICENCES: Readonly<Record<Family, { readonly folder: string; readonly apache: string }>> = {
  deb: { folder: "usr/share/doc/agentd", apache: "/usr/share/common-licenses/Apache-2.0" },
  rpm: { folder: "usr/share/licenses/agentd", apache: "/usr/share/licenses/agentd/LICENSE" }
}

export const stageLinux = async (stage: string, release: Release, family: Family): Promise<string> => {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new PackageError("Linux packages are built on x86-64 Linux: they carry this machine's Node and addons.")
  if (!hasSystemdHeaders())
    throw new PackageError(
      "libsystemd's headers are missing. Install libsystemd-dev (Debian) or systemd-devel (Fedora)."
    )
  const write = (path: string, contents: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(stage, path)), { recursive: true })
    writeFileSync(join(stage, path), contents)
    chmodSync(join(stage, path), mode)
  }
  const copy = (from: string, to: string, mode?: number) => write(to, readFileSync(join(root, from)), mode)

  programs(stage, copy)
  runtimePackages(stage)
  write("usr/lib/agentd/package.json", manifest(release))
  addons(stage)
  units(copy, write)
  for (const [shell, path] of Object.entries(COMPLETIONS[family])) write(path, script(shell))
  for (const [name, text] of Object.entries(await manPages(release))) {
    write(`usr/share/man/man${name.at(-1)}/${name}.gz`, gzip(text))
  }
  write("usr/share/agentd/agentd.schema.json", `${JSON.stringify(configurationSchema(), null, 2)}\n`)
  // systemd itself takes it in: a dpkg trigger, an rpm file trigger.
  write("usr/lib/systemd/catalog/agentd.catalog", journalCatalog())
  const licences = LICENCES[family]
  write(`${licences.folder}/copyright`, copyright(Object.keys(RUNTIME), NODE, licences.apache))
  if (family === "rpm") copy("LICENSE", "usr/share/licenses/agentd/LICENSE")
  return stage
}

type Copy = (from: string, to: string, mode?: number) => void
type Write = (path: string, contents: string) => void

const programs = (stage: string, copy: Copy): void => {
  for (const name of ["agentd", "agentctl"]) {
    copy(`packaging/linux/${name}`, `usr/lib/agentd/bin/${name}`, 0o755)
    mkdirSync(join(stage, "usr/bin"), { recursive: true })
    symlinkSync(`../lib/agentd/bin/${name}`, join(stage, "usr/bin", name))
  }
  copy("bin/agentd-open", "usr/lib/agentd/bin/agentd-open", 0o755)
  copy("packaging/linux/units", "usr/lib/agentd/units", 0o755)
  for (const file of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })) {
    if (/^(agentd\.js|standalone\.js|agentctl\.cjs|(chunks|client)\/[^/]+\.js)$/.test(file))
      copy(`dist/${file}`, `usr/lib/agentd/dist/${file}`)
  }
  copy(`node_modules/${NODE}/bin/node`, "usr/lib/agentd/node", 0o755)
  strip(join(stage, "usr/lib/agentd/node"))
}

const runtimePackages = (stage: string): void => {
  for (const [name, wanted] of Object.entries(RUNTIME)) {
    const from = join(root, "node_modules", name)
    for (const file of readdirSync(from, { recursive: true, encoding: "utf8" }).filter((path) => wanted.test(path))) {
      const to = join(stage, "usr/lib/agentd/node_modules", name, file)
      mkdirSync(dirname(to), { recursive: true })
      cpSync(join(from, file), to)
      chmodSync(to, 0o644)
    }
  }
}

const manifest = ({ license, version }: Release) =>
  `${JSON.stringify(
    {
      name: "agentd",
      version,
      description: SUMMARY,
      license,
      type: "module",
      private: true,
      exports: { "./client": "./dist/client/index.js", "./package.json": "./package.json" }
    },
    null,
    2
  )}\n`

/** Compiled for this package, whatever a development tree holds: with the C++ runtime inside, and for this very Node. */
const addons = (stage: string): void => {
  const headers = join(root, "node_modules", NODE, "include/node")
  const terminal = join(stage, `usr/lib/agentd/dist/native/${process.platform}-${process.arch}/pty.node`)
  compileTerminalAddon({
    source: join(root, "node_modules/node-pty/src/unix/pty.cc"),
    includes: [headers, join(root, "node_modules/node-addon-api")],
    output: terminal
  })
  const notify = join(stage, "usr/lib/agentd/node_modules/sd-notify")
  compileNotifyAddon({ folder: notify, headers })
  rmSync(join(notify, "notify.cc"))
  const koffi = join(stage, "usr/lib/agentd/node_modules/@koromix/koffi-linux-x64/linux_x64/koffi.node")
  for (const addon of [terminal, join(notify, "build/Release/notify.node"), koffi]) {
    strip(addon)
    chmodSync(addon, 0o644)
  }
}

const strip = (file: string) => run("strip", ["--strip-unneeded", "--remove-section=.comment", file])

/** The drop-in for systemd 254 lies beside the others: whether it holds is decided on the machine (packaging/linux/units). */
const units = (copy: Copy, write: Write): void => {
  const filled = (path: string) => readFileSync(join(root, path), "utf8").replaceAll("@bindir@", "/usr/bin")
  for (const file of readdirSync(join(root, "systemd"), { recursive: true, encoding: "utf8" })) {
    // As they were made, for "agentctl doctor" to compare with.
    if (/^user\/.*\.(service|socket|slice|conf)$/.test(file)) copy(`systemd/${file}`, `usr/lib/agentd/systemd/${file}`)
    if (file.endsWith("10-systemd-254.conf")) copy(`systemd/${file}`, "usr/lib/agentd/systemd/10-systemd-254.conf")
    else if (/\.(service|socket|slice|conf)$/.test(file)) write(`usr/lib/systemd/${file}`, filled(`systemd/${file}`))
    else if (file.endsWith(".preset")) copy(`systemd/${file}`, `usr/lib/systemd/${file}`)
  }
}

/** As small as it gets, and without a name or a time in it. */
export const gzip = (text: string): Uint8Array => gzipSync(text, { level: 9 })

/** Gives every file and directory the same time. */
export const settle = (folder: string, epoch: number): void => {
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    lutimesSync(join(folder, path), epoch, epoch)
  lutimesSync(folder, epoch, epoch)
}
