/**
 * `npm run package`: what is installed elsewhere, in `dist/packages/`: a .deb, an .rpm and the npm tarball.
 *
 *   npm run package                    all three
 *   npm run package -- deb             one of them
 *   npm run package -- --build 2       the second package of the same version, so that an upgrade can be tried
 *   npm run package -- --quick         compressed a little less and twenty times as fast, for tests
 *
 * The same commit gives the same bytes: times are those of the commit (or SOURCE_DATE_EPOCH), owners are root.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { PackageError } from "./package/command.ts"
import { buildDeb } from "./package/deb.ts"
import { buildNpm } from "./package/npm.ts"
import { release, type Wanted } from "./package/release.ts"
import { buildRpm } from "./package/rpm.ts"
import { stageLinux } from "./package/stage.ts"
import { root } from "./root.ts"

const KINDS = ["deb", "rpm", "npm"] as const

const build = async (): Promise<void> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      build: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      out: { type: "string", default: join(root, "dist/packages") }
    }
  })
  const strange = positionals.find((kind) => !(KINDS as ReadonlyArray<string>).includes(kind))
  if (strange !== undefined) throw new PackageError(`There is no package "${strange}"; there are ${KINDS.join(", ")}.`)
  if (!/^[1-9][0-9]*$/.test(values.build)) throw new PackageError("--build takes a whole number from 1 on.")
  const kinds = positionals.length === 0 ? KINDS : positionals
  const wanted: Wanted = { ...release(values.build), quick: values.quick, out: values.out }
  mkdirSync(wanted.out, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), "agentd-package-"))
  try {
    if (kinds.includes("deb")) say(buildDeb(await stageLinux(join(work, "deb"), wanted, "deb"), wanted))
    if (kinds.includes("rpm")) say(buildRpm(await stageLinux(join(work, "rpm"), wanted, "rpm"), wanted, work))
    if (kinds.includes("npm")) say(buildNpm(wanted))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const say = (file: string) =>
  process.stdout.write(`${file.replace(root, "")}  ${(statSync(file).size / 1024 ** 2).toFixed(1)} MiB\n`)

try {
  await build()
} catch (cause) {
  if (!(cause instanceof PackageError)) throw cause
  process.stderr.write(`package: ${cause.message}\n`)
  process.exitCode = 1
}
