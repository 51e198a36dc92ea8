/**
 * `docs/reference/log.md` and `agentd.catalog`: every kind of line the daemon logs, for people and for `journalctl --catalog`.
 */
import { type LogKind, logFields, logKinds } from "../../../src/contract/Log.ts"
import { code, page, table } from "./markdown.ts"

const kinds = Object.entries<LogKind>(logKinds)

/** For people: the journal puts the field's value there. */
const filled = (subject: string) => subject.replaceAll("@AGENTD_SESSION_NAME@", "NAME")

export const logPage = (): string =>
  page(
    "Log reference",
    "What the daemon logs, and under which names. [docs/operations.md](../operations.md#seeing-inside) explains where the log is.",
    "## Kinds of lines",
    "The id stands in the journal's field `MESSAGE_ID` and never changes: `journalctl --user MESSAGE_ID=5e549fd538334ac594d95396d3a54f58` finds every end of a session. `journalctl --catalog` shows the explanations.",
    table(
      ["Kind", "Id", "What it says", "Meaning"],
      kinds.map(([name, { explanation, id, subject }]) => [code(name), code(id), filled(subject), explanation])
    ),
    "## Fields",
    "Beside `MESSAGE`, `PRIORITY`, `SYSLOG_IDENTIFIER=agentd` and `MESSAGE_ID` a line has those of these that apply. A line of JSON has `time`, `level`, `message` and `cause`.",
    table(
      ["In the journal", "In a line of JSON", "As an attribute (OpenTelemetry)", "Meaning"],
      Object.entries(logFields).map(([name, { journal, json, meaning }]) => [
        code(journal),
        code(json),
        code(name),
        meaning
      ])
    )
  )

/** https://systemd.io/CATALOG */
export const journalCatalog = (): string =>
  `# What agentd's lines in the journal mean: journalctl --catalog.\n${kinds
    .map(
      ([, { explanation, id, subject }]) =>
        `\n-- ${id}\nSubject: ${subject}\nDefined-By: agentd\nDocumentation: man:agentd(8)\n\n${explanation}\n`
    )
    .join("")}`
