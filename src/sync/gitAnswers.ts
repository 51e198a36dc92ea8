/**
 * What git prints, as data: pure, because it is where a remote's words come in.
 */

export interface Listed {
  readonly path: string
  /** Null: it is gone, or is no regular file. */
  readonly blob: string | null
}

/** git-diff-tree(1) with -z and --raw: `:<modes> <ids> <status>` NUL `<path>` NUL. */
export const parseChanges = (bytes: Uint8Array): ReadonlyArray<Listed> => {
  const parts = Buffer.from(bytes).toString("utf8").split("\0")
  const listed: Array<Listed> = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, mode, , blob] = parts[at]!.split(" ")
    listed.push({ path: parts[at + 1]!, blob: mode === "100644" || mode === "100755" ? blob! : null })
  }
  return listed
}

/** git-count-objects(1) with -v: `<what>: <number>` lines. */
export const parseCounts = (bytes: Buffer): ReadonlyMap<string, number> =>
  new Map(
    bytes
      .toString("latin1")
      .split("\n")
      .map((line) => line.split(": "))
      .map(([what = "", number]) => [what, Number(number)])
  )

/** git-cat-file(1) with --batch-check, a line for each object asked for; one that is not there, or not readable, has no type. */
export const parseSizes = (
  bytes: Buffer
): ReadonlyArray<{ readonly name: string; readonly type: string | null; readonly size: number }> =>
  bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, name, type, size] = /^(\S+) (\S+) (\d+)$/.exec(line) ?? []
      return name === undefined
        ? { name: line.replace(/ missing$/, ""), type: null, size: 0 }
        : { name, type: type!, size: Number(size) }
    })

/** git-cat-file(1) with --batch: `<id> <type> <size>` newline, the bytes, newline. Ends before the first that is not there. */
export const parseBatch = (bytes: Buffer): ReadonlyArray<Uint8Array> => {
  const contents: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at)
    if (newline < 0) break
    const size = Number(bytes.toString("latin1", at, newline).split(" ")[2] ?? Number.NaN)
    if (Number.isNaN(size) || newline + 1 + size > bytes.length) break
    contents.push(bytes.subarray(newline + 1, newline + 1 + size))
    at = newline + 1 + size + 1
  }
  return contents
}

/** Whether the way to the remote, the permission or the time was missing: no repository is to blame. */
export const ofConnection = (stderr: string): boolean =>
  /Could not read from remote repository|unable to access|Could not resolve|Authentication failed|could not read Username|does not appear to be a git repository|git took longer|is not installed/i.test(
    stderr
  )

/** Whether a file became larger than git may write, here and not at the remote. */
export const ofSize = (stderr: string): boolean => /^(?!remote:).*File too large/im.test(stderr)

/** Whether git speaks of a repository that it cannot read, ours or the other. */
export const ofDamage = (stderr: string): boolean =>
  /not a git repository: |bad object|corrupt|unable to read|unable to parse|loose object|object file .* is empty|missing (blob|tree|commit)|unresolved deltas|not our ref|did not send all necessary objects|bad pack header|invalid index-pack output/i.test(
    stderr
  )

/** git-push(1) with --porcelain: why the branch was not taken; "overtaken" when somebody else was faster. */
export const rejection = (stdout: string): string | null => {
  const found = /^!\t[^\t]*\t(.*)$/m.exec(stdout)
  if (found === null) return null
  const reason = found[1]!
  const overtaken =
    /^\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value|already exists/
  return overtaken.test(reason) ? "overtaken" : `the remote does not take it: ${sentence(reason)}`
}

/** The file by which a branch is held that could not be changed; nobody removes it for a git that died over it. */
export const heldBy = (stderr: string): string | null =>
  /Unable to create '([^'\p{Cc}\p{Cf}]{1,200}\.lock)': File exists/u.exec(stderr)?.[1] ?? null

/** Characters of an error that is kept. */
const MAX_SENTENCE = 300

/** The line that says what is wrong, without anything that steers a terminal, or a name and password in an address. */
export const sentence = (stderr: string): string => {
  const said = stderr
    .split("\n")
    .map((line) => line.replace(/[\p{Cc}\p{Cf}]/gu, " ").trim())
    .filter((line) => line !== "" && !/^(hint|warning):/.test(line))
  const line = said.find((one) => /^(fatal|error|remote: (error|fatal)):/.test(one)) ?? said.at(-1) ?? "git failed"
  // ssh says before git does what has happened.
  const ssh = said.find((one) =>
    /Permission denied|Host key verification|Could not resolve|Connection (refused|timed out)/.test(one)
  )
  return (ssh !== undefined && ssh !== line ? `${ssh}; ${line}` : line)
    .replace(/:\/\/[^\s/@]*@/g, "://")
    .slice(0, MAX_SENTENCE)
}
