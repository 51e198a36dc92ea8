/**
 * What is packaged: its version, its place in time, and who answers for the package.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../root.ts"
import { PackageError } from "./command.ts"

export interface Release {
  readonly version: string
  /** Counts packages of the same version: `0.1.0-1`. */
  readonly revision: string
  readonly license: string
  /** Seconds since 1970 that every file and timestamp in a package gets. */
  readonly epoch: number
}

export interface Wanted extends Release {
  readonly quick: boolean
  /** Directory the packages are written to. */
  readonly out: string
}

export const MAINTAINER = process.env.AGENTD_MAINTAINER ?? "The agentd authors <agentd@packages.invalid>"

/** What both kinds of package say about themselves. Package lists have room for 80 characters. */
export const SUMMARY = "sessions of AI coding agents as services of the operating system"
export const DESCRIPTION = [
  "A session is one program on a terminal of its own: an AI coding agent, a build, a shell. It belongs to the service manager of the machine and not to a terminal, so it outlives the terminal, the SSH connection, a crash of the daemon and an upgrade of this package.",
  "One daemon for each user keeps what sessions share: terminals, transcripts, a record of what happened. agentctl starts, attaches to, reads and stops sessions. The daemon is started by its first use."
]

export const release = (revision: string): Release => {
  const { license, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly license: string
    readonly version: string
  }
  return { version, revision, license, epoch: epoch() }
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else when HEAD was committed. */
const epoch = (): number => {
  const given = process.env.SOURCE_DATE_EPOCH ?? ""
  const seconds =
    given !== "" ? given : spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" }).stdout
  if (!/^[0-9]+\s*$/.test(seconds ?? ""))
    throw new PackageError(
      "This is no git clone: set SOURCE_DATE_EPOCH to the seconds since 1970 the files are to have."
    )
  return Number(seconds)
}

/** In UTC, as RFC 5322 dates of Debian changelogs have it. */
export const dateOf = (epoch: number): string => new Date(epoch * 1000).toUTCString().replace("GMT", "+0000")
