/** What a bug report takes out of the texts it is made of. */
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { type Identity, redactorFor } from "../../src/cli/bugreport/redact.ts"

const nobody: Identity = { home: "/home/ada", user: "ada", host: "engine", words: [] }
const redact = (text: string, identity = nobody) => redactorFor(identity).text(text).value

const characters = (set: string, length: number) =>
  fc.array(fc.constantFrom(...set), { minLength: length, maxLength: length }).map((all) => all.join(""))
const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
const after = (prefix: string, set = ALNUM, length = 36) => characters(set, length).map((rest) => `${prefix}${rest}`)

/** Made up in the shape their issuers give them. */
const issued: Readonly<Record<string, fc.Arbitrary<string>>> = {
  OpenAI: after("sk-proj-"),
  Anthropic: after("sk-ant-api03-"),
  Stripe: after("sk_live_", ALNUM, 24),
  "a GitHub token": after("ghp_"),
  "a GitHub app's token": after("ghs_"),
  "a fine-grained GitHub token": after("github_pat_", ALNUM, 59),
  GitLab: after("glpat-", ALNUM, 20),
  "an Amazon key id": after("AKIA", UPPER, 16),
  Google: after("AIza", ALNUM, 35),
  Slack: after("xoxb-", ALNUM, 24),
  npm: after("npm_"),
  PyPI: after("pypi-", ALNUM, 60),
  "Hugging Face": after("hf_", ALNUM, 34),
  "a JSON web token": fc
    .tuple(characters(ALNUM, 20), characters(ALNUM, 40), characters(ALNUM, 43))
    .map(([head, body, signature]) => `eyJ${head}.eyJ${body}.${signature}`),
  "a Telegram bot": characters(ALNUM, 35).map((rest) => `123456789:${rest}`),
  "a hexadecimal digest": characters("0123456789abcdef", 64),
  "40 mixed characters, as Amazon's secrets are": characters(ALNUM, 37).map((rest) => `a1B${rest}`)
}

/** What comes before and after a token in logs and files. */
const between = fc.constantFrom(
  " ",
  "\n",
  "\t",
  '"',
  "'",
  "=",
  ": ",
  ",",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "&",
  "?x=",
  "\u00e9",
  ""
)
const prose = fc
  .array(fc.constantFrom("a", "token", "was", "refused", "/usr/bin", "42", "…", "::"), { maxLength: 6 })
  .map((w) => w.join(" "))

describe("a token", () => {
  it.each(Object.entries(issued))("of %s is gone wherever it stands", (_, token) => {
    fc.assert(
      fc.property(prose, between, token, between, prose, (before, left, secret, right, end) => {
        expect(redact(`${before}${left || " "}${secret}${right || " "}${end}`)).not.toContain(secret)
      })
    )
  })
})

const secret = fc
  .stringMatching(/^[A-Za-z0-9!#$%*+./?@^_~-]{6,40}$/)
  .filter((text) => !text.startsWith("-") && /[a-z]{3}|\d{3}/i.test(text) && !text.includes("redacted"))

describe("a value is gone when its name says that it is a secret", () => {
  it.each([
    ["ANTHROPIC_API_KEY=", ""],
    ["export DB_PASSWORD=", "\nnext"],
    ["AWS_SECRET_ACCESS_KEY = ", ""],
    ['{"password": "', '"}'],
    ['{"clientSecret":"', '","x":1}'],
    ["api_key: ", ""],
    ["  auth-token: '", "'"],
    ["--password ", " --verbose"],
    ["--token=", " --verbose"],
    ["https://x.example/?access_token=", "&page=2"],
    ["Authorization: Bearer ", "\nHost: x"],
    ["authorization: Basic ", ""],
    ["X-Api-Key: ", ""],
    ["Cookie: session=", "; theme=dark"]
  ])("in %j", (before, end) => {
    fc.assert(
      fc.property(secret, (value) => {
        const text = redact(`${before}${value}${end}`, { ...nobody, user: "", host: "" })
        expect(text).not.toContain(value)
        expect(text).toContain("[redacted:")
      })
    )
  })

  it("in a URL, whose host stays", () => {
    fc.assert(
      fc.property(
        secret.filter((value) => !/[/?#]/.test(value)),
        (value) => {
          const text = redact(`postgres://me:${value}@db.internal:5432/app`)
          expect(text).toBe("postgres://[redacted:url]@db.internal:5432/app")
        }
      )
    )
  })

  it("in a private key, whole or cut off", () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nxyz\n"
    expect(redact(`before\n${key}-----END OPENSSH PRIVATE KEY-----\nafter`)).toBe(
      "before\n[redacted:private key]\nafter"
    )
    expect(redact(`before\n${key}`)).toBe("before\n[redacted:private key]")
  })
})

test("who the user is, where they live and on which machine does not show", () => {
  expect(redact("/home/ada/work: ada@engine, /home/ada, /home/bob/x, /Users/eve/y, adamant, ada_x")).toBe(
    "~/work: USER@HOST, ~, /home/USER/x, /Users/USER/y, adamant, ada_x"
  )
  expect(redact("write to ada.lovelace@example.org")).toBe("write to [redacted:e-mail]")
  expect(redact("user@1000.service and agentd@7.socket", { ...nobody, user: "root", home: "/root" })).toBe(
    "user@1000.service and agentd@7.socket"
  )
})

test("what a session was given to do does not show", () => {
  const words = ["fix the leak in the payment code", "--resume", "-p", "claude"]
  const text = redact('started: claude -p "fix the leak in the payment code" --resume', { ...nobody, words })
  expect(text).toBe('started: claude -p "[redacted:argument]" [redacted:argument]')
})

test("what helps stays: ids, versions, paths, units, ordinary sentences", () => {
  const text = [
    "ses_01JD8X6W3V7Q2M4N5P6R8T9VWX agentd-session-ses_01JD8X6W3V7Q2M4N5P6R8T9VWX.service",
    "agentd 0.1.0 (pid 4711) listens on /run/user/1000/agentd/api.sock",
    "/usr/lib/agentd/dist/chunks/chunk-ABCDEFGH.js:12:34 Error: ENOSPC: no space left on device, write",
    "MemoryMax=2147483648 TasksMax=512 FileDescriptorStoreMax=4096 keyring: shared",
    '{"key":"transcript.keep_for","value":"30d","origin":"built-in"}'
  ].join("\n")
  expect(redact(text)).toBe(text)
})

test("JSON stays JSON, and says how often what was taken out", () => {
  const value = {
    a: { apiKey: "x", list: ["ghp_0123456789abcdefghijABCDEFGHIJ012345"], n: 7 },
    "/home/ada/x": null,
    token: { file: "/home/ada/t" }
  }
  const { found, value: redacted } = redactorFor(nobody).json(value)
  expect(redacted).toEqual({
    a: { apiKey: "[redacted:value]", list: ["[redacted:token]"], n: 7 },
    "~/x": null,
    token: { file: "~/t" }
  })
  expect(found).toEqual({ value: 1, token: 1, home: 2 })
})

test("doing it twice changes nothing", () => {
  const piece = fc.oneof(
    ...Object.values(issued),
    prose,
    between,
    secret.map((value) => `PASSWORD=${value}`),
    fc.constant("/home/ada"),
    fc.constant("ada"),
    fc.string()
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = redact(pieces.join(""))
      expect(redact(once)).toBe(once)
    }),
    { numRuns: 500 }
  )
})

test.each([
  ["letters", "a"],
  ["quotes", 'x="'],
  ["names", "password="],
  ["colons", "a:"],
  ["schemes", "http://"],
  ["at signs", "a@"],
  ["beginnings of keys", "-----BEGIN PRIVATE KEY-----"],
  ["web tokens", "eyJaaaaa."],
  ["dashes", "--a "],
  ["escapes", '\\"']
])("a megabyte of %s takes no longer than a megabyte of anything", (_, piece) => {
  const text = piece.repeat(Math.ceil((1024 * 1024) / piece.length))
  const started = performance.now()
  redact(text)
  // A pattern that tries every end for every beginning would take hours.
  expect(performance.now() - started).toBeLessThan(10_000)
})
