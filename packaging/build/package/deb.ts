/**
 * The .deb: control files around the staged tree, put together by dpkg-deb.
 */
import { createHash } from "node:crypto"
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../root.ts"
import { debianChangelog, wrap } from "./changelog.ts"
import { run } from "./command.ts"
import { newestSymbol } from "./elf.ts"
import { DESCRIPTION, MAINTAINER, type Release, SUMMARY, type Wanted } from "./release.ts"
import { gzip, settle } from "./stage.ts"

/** xz: what Debian's tools expect. Level 1 takes seconds and costs a quarter more bytes. */
const COMPRESSION = { careful: ["-Zxz", "-z6"], quick: ["-Zxz", "-z0"] } as const

export const buildDeb = (stage: string, wanted: Wanted): string => {
  const doc = join(stage, "usr/share/doc/agentd")
  writeFileSync(join(doc, "changelog.Debian.gz"), gzip(debianChangelog(wanted)))
  writeFileSync(join(doc, "changelog.gz"), gzip(readFileSync(join(root, "CHANGELOG.md"), "utf8")))
  const overrides = join(stage, "usr/share/lintian/overrides")
  mkdirSync(overrides, { recursive: true })
  copyFileSync(join(root, "packaging/debian/lintian-overrides"), join(overrides, "agentd"))
  const files = filesUnder(stage)
  const scripts = ["postinst", "prerm", "postrm"]
  mkdirSync(join(stage, "DEBIAN"))
  writeFileSync(join(stage, "DEBIAN/control"), control(stage, files, wanted))
  writeFileSync(join(stage, "DEBIAN/md5sums"), sums(stage, files))
  for (const name of [...scripts, "triggers"]) {
    copyFileSync(join(root, "packaging/debian", name), join(stage, "DEBIAN", name))
    chmodSync(join(stage, "DEBIAN", name), scripts.includes(name) ? 0o755 : 0o644)
  }
  openToAll(stage)
  settle(stage, wanted.epoch)
  const file = join(wanted.out, `agentd_${wanted.version}-${wanted.revision}_amd64.deb`)
  run("dpkg-deb", ["--root-owner-group", ...COMPRESSION[wanted.quick ? "quick" : "careful"], "--build", stage, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(wanted.epoch) }
  })
  return file
}

const control = (stage: string, files: ReadonlyArray<string>, release: Release): string => {
  const size = files.reduce((sum, path) => sum + Math.ceil(lstatSync(join(stage, path)).size / 1024), 0)
  return [
    "Package: agentd",
    `Version: ${release.version}-${release.revision}`,
    "Architecture: amd64",
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${size}`,
    `Depends: ${depends(stage, files)}`,
    // Without a user manager agentd works, with fewer of its promises (agentd(8)).
    "Recommends: libpam-systemd, systemd",
    "Suggests: bash-completion",
    "Section: admin",
    "Priority: optional",
    `Description: ${SUMMARY}`,
    DESCRIPTION.map((paragraph) => wrap(paragraph, " ", " ")).join("\n .\n"),
    ""
  ].join("\n")
}

/** What the programs are linked with, by the newest symbols they want: libatomic1 is not on a minimal Debian. */
const depends = (stage: string, files: ReadonlyArray<string>): string => {
  const programs = files.filter((path) => /(\.node|\/node)$/.test(path)).map((path) => join(stage, path))
  return [
    "libatomic1 (>= 4.8)",
    `libc6 (>= ${newestSymbol(programs, "GLIBC")})`,
    "libgcc-s1 (>= 3.4)",
    // Of GCC's own numbers only the one of the library's symbols is in the file; 3.4.25 came with GCC 8.
    "libstdc++6 (>= 8)",
    // For sd_notify_barrier(3).
    "libsystemd0 (>= 246)"
  ].join(", ")
}

const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => !lstatSync(join(folder, path)).isDirectory())
    .sort()

const sums = (stage: string, files: ReadonlyArray<string>): string =>
  files
    .filter((path) => lstatSync(join(stage, path)).isFile())
    .map(
      (path) =>
        `${createHash("md5")
          .update(readFileSync(join(stage, path)))
          .digest("hex")}  ${path}\n`
    )
    .join("")

/** Directories and files must not depend on the umask of whoever packages. */
export const openToAll = (folder: string): void => {
  chmodSync(folder, 0o755)
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const found = lstatSync(join(folder, path))
    if (found.isSymbolicLink()) continue
    chmodSync(join(folder, path), found.isDirectory() || (found.mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}
