/**
 * The .rpm: a spec around the staged tree, put together by rpmbuild.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../root.ts"
import { rpmChangelog, wrap } from "./changelog.ts"
import { run } from "./command.ts"
import { openToAll } from "./deb.ts"
import { DESCRIPTION, MAINTAINER, SUMMARY, type Wanted } from "./release.ts"
import { settle } from "./stage.ts"

/** zstd: what Fedora packages use; understood since RHEL 8. */
const COMPRESSION = { careful: "w19T2.zstdio", quick: "w3T2.zstdio" } as const

export const buildRpm = (stage: string, wanted: Wanted, work: string): string => {
  openToAll(stage)
  settle(stage, wanted.epoch)
  const spec = join(work, "agentd.spec")
  writeFileSync(spec, fill(readFileSync(join(root, "packaging/rpm/agentd.spec.in"), "utf8"), stage, wanted))
  const top = join(work, "rpmbuild")
  mkdirSync(top)
  const definitions = {
    _topdir: top,
    _binary_payload: COMPRESSION[wanted.quick ? "quick" : "careful"],
    _buildhost: "reproducible",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    _build_id_links: "none",
    // What comes is stripped and compressed already.
    __os_install_post: "%{nil}",
    debug_package: "%{nil}"
  }
  const defined = Object.entries(definitions).flatMap(([name, value]) => ["--define", `${name} ${value}`])
  run("rpmbuild", ["-bb", "--quiet", "--target", "x86_64-linux", ...defined, spec], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(wanted.epoch) }
  })
  const [name = ""] = readdirSync(join(top, "RPMS/x86_64"))
  const file = join(wanted.out, name)
  copyFileSync(join(top, "RPMS/x86_64", name), file)
  return file
}

const fill = (template: string, stage: string, wanted: Wanted): string => {
  const values: Readonly<Record<string, string>> = {
    version: wanted.version,
    release: wanted.revision,
    summary: SUMMARY.replace(/^./, (first) => first.toUpperCase()),
    license: wanted.license,
    description: DESCRIPTION.map((paragraph) => wrap(paragraph, "", "")).join("\n\n"),
    changelog: rpmChangelog(wanted),
    packager: MAINTAINER,
    stage
  }
  return template.replace(/@(\w+)@/g, (all, name: string) => values[name] ?? all)
}
