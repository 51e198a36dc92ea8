/**
 * Writes `docs/reference/`: what people and editors look up, derived from the contract and the commands; and what a part of the sources
 * takes from the contract, because it runs without it.
 *
 *   node packaging/build/docs.ts           write the pages
 *   node packaging/build/docs.ts --check   fail if a page is not what would be written
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { openRpcDocument } from "../../src/doors/OpenRpc.ts"
import { commandsPage } from "./docs/commands.ts"
import { configurationPage, configurationSchema } from "./docs/configuration.ts"
import { logPage } from "./docs/log.ts"
import { mcpDefinitions, mcpPage } from "./docs/mcp.ts"
import { eventsPage, protocolPage } from "./docs/protocol.ts"
import { root } from "./root.ts"

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string }
const document = openRpcDocument(version)
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

const pages: Readonly<Record<string, string>> = {
  "agentd.schema.json": json(configurationSchema()),
  "commands.md": await commandsPage(),
  "configuration.md": configurationPage(),
  "events.md": eventsPage(),
  "log.md": logPage(),
  "mcp.md": mcpPage(),
  "openrpc.json": json(document),
  "protocol.md": protocolPage(document)
}

/** Beside the pages: path in the tree, and text. */
const derived: Readonly<Record<string, string>> = { "src/cli/mcp/tools.json": json(mcpDefinitions()) }
const staleDerived = Object.entries(derived).filter(
  ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text
)

const folder = join(root, "docs/reference")
const present = existsSync(folder) ? readdirSync(folder) : []
const stale = Object.entries(pages).filter(
  ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), "utf8") !== text
)
const leftOver = present.filter((name) => !Object.hasOwn(pages, name))

if (process.argv.includes("--check")) {
  const wrong = [
    ...[...stale.map(([name]) => name), ...leftOver].map((name) => `docs/reference/${name}`),
    ...staleDerived.map(([path]) => path)
  ]
  for (const path of wrong) process.stderr.write(`${path} is out of date\n`)
  if (wrong.length > 0) {
    process.stderr.write('Run "npm run docs" and commit what it writes.\n')
    process.exitCode = 1
  }
} else {
  mkdirSync(folder, { recursive: true })
  for (const name of leftOver) rmSync(join(folder, name), { recursive: true })
  for (const [name, text] of stale) writeFileSync(join(folder, name), text)
  for (const [path, text] of staleDerived) writeFileSync(join(root, path), text)
  process.stdout.write(`docs/reference: ${Object.keys(pages).length} pages, ${stale.length} written anew\n`)
}
