/**
 * `docs/reference/configuration.md` and `agentd.schema.json`: every key of `agentd.toml`, for people and for editors.
 */
import { type Key, sections, settings } from "../../../src/contract/config/Config.ts"
import type { Setting } from "../../../src/contract/config/Setting.ts"
import { jsonSchemaOf } from "../../../src/contract/JsonSchema.ts"
import { code, page, sentence, table } from "./markdown.ts"

const keysOf = (section: string) =>
  [...settings].filter(([key]) => key.startsWith(`${section}.`)) as ReadonlyArray<[Key, Setting]>

const tomlOf = (value: unknown) => (value === null ? "not set" : code(JSON.stringify(value)))

export const configurationPage = (): string =>
  page(
    "Configuration reference",
    "Every key of `agentd.toml`. [docs/configuration.md](../configuration.md) explains which file wins, locks and reloading; [agentd.schema.json](agentd.schema.json) makes editors complete and check the file.",
    "Durations are a whole number and one of `ms`, `s`, `m`, `h`, `d`; sizes a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`. Every key is also a variable, `AGENTD_` and its section and name: `AGENTD_TRANSCRIPT_KEEP_FOR`. *Applies* says whether a reload (`SIGHUP` or `daemon.reload`) takes a new value, or only the daemon's next start.",
    ...Object.keys(sections).flatMap((section) => [`## [${section}]`, sectionTable(keysOf(section))])
  )

const sectionTable = (keys: ReadonlyArray<[Key, Setting]>): string =>
  keys.length === 0
    ? "No keys yet."
    : table(
        ["Key", "Default", "Allowed", "Applies", "Meaning"],
        keys.map(([key, setting]) => [
          code(key),
          tomlOf(setting.default),
          // The forms of durations and sizes are explained above.
          setting.expected.replace(/: a whole number and one of .*/, ""),
          `on ${setting.applies}`,
          sentence(setting.description)
        ])
      )

/** Each key's own schema, and the named shapes it refers to. */
const shapes = new Map([...settings].map(([key, { schema }]) => [key, jsonSchemaOf(schema, "#/definitions/")]))

/** JSON Schema of the file, draft 7, for editors. */
export const configurationSchema = () => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  $id: "agentd.schema.json",
  title: "agentd.toml",
  description: "Configuration of agentd",
  type: "object",
  additionalProperties: false,
  definitions: Object.assign({}, ...[...shapes.values()].map(({ definitions }) => definitions)),
  properties: {
    ...Object.fromEntries(
      Object.keys(sections).map((section) => [
        section,
        {
          type: "object",
          additionalProperties: false,
          properties: Object.fromEntries(
            keysOf(section).map(([key, setting]) => [
              key.slice(section.length + 1),
              {
                ...shapes.get(key)!.schema,
                description: `${sentence(setting.description)} Expected: ${setting.expected}.`,
                ...(setting.default === null ? {} : { default: setting.default })
              }
            ])
          )
        }
      ])
    ),
    lock: {
      type: "object",
      additionalProperties: false,
      description: "Only in files under /etc/agentd: keys that no later layer may set.",
      properties: { keys: { type: "array", items: { enum: [...settings.keys()] } } }
    }
  }
})
