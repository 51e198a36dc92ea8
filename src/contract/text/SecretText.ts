/**
 * What secrets look like, and what stands in their place. Each rule takes time in proportion to the text, whatever is in it.
 */
export interface Rule {
  readonly kind: string
  readonly pattern: RegExp
  /** What is taken out after a match, sticky; a match without it is none. */
  readonly follows?: RegExp
  /** What to put in place of a match; the default is the mark alone. Null: this is none. */
  readonly replace?: (mark: string, ...groups: ReadonlyArray<string>) => string | null
}

/** Stands where something was, and is never itself taken for a secret. */
export const markOf = (kind: string): string => `[redacted:${kind}]`
export const MARKED = /^["']?\[redacted:/

/** Names of variables, keys and headers whose value is nobody's business. */
export const SECRET_NAME =
  /api_?key|access_?key|private_?key|[_-]key$|^key$|secret|token|passw(or)?d|passphrase|\bpwd?\b|credential|authorization|\bauth\b|_auth\b|cookie|signature|\bsid\b|dsn$/i

/** A configuration speaks of "key" and means its name, not a secret. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && name !== "key"

/** Tokens that say by their beginning whose they are. */
export const ISSUED = [
  // Anthropic, OpenAI, OpenRouter and others; Stripe.
  /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}/,
  /(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}/,
  /whsec_[A-Za-z0-9+/=]{16,}/,
  // GitHub, GitLab.
  /gh[pousr]_[A-Za-z0-9]{20,}/,
  /github_pat_[A-Za-z0-9_]{20,}/,
  /gl(?:pat|dt|rt|soat|ptt|ft|imt|agent|cbt)-[A-Za-z0-9_-]{16,}/,
  // Amazon: key ids. Their secrets are caught by name, or as opaque.
  /(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA|AGPA|ANPA)[A-Z0-9]{16}/,
  // Google.
  /AIza[A-Za-z0-9_-]{35}/,
  /ya29\.[A-Za-z0-9_-]{16,}/,
  /GOCSPX-[A-Za-z0-9_-]{20,}/,
  // Slack, Discord and Telegram bots.
  /xox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /xapp-[A-Za-z0-9-]{10,}/,
  /hooks\.slack\.com\/services\/[A-Za-z0-9/]{10,}/,
  /(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}/,
  // Registries and hosts.
  /npm_[A-Za-z0-9]{30,}/,
  /pypi-[A-Za-z0-9_-]{16,}/,
  /dckr_pat_[A-Za-z0-9_-]{16,}/,
  /hf_[A-Za-z0-9]{20,}/,
  /dop_v1_[a-f0-9]{32,}/,
  /shp(?:at|ca|pa|ss)_[a-fA-F0-9]{24,}/,
  /SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/,
  /(?:gsk|xai|r8|glsa|lin_api|ntn|tskey|hvs|hvb|pplx|nvapi|AGE-SECRET-KEY)[-_.][A-Za-z0-9_-]{16,}/
]
  .map(({ source }) => source)
  .join("|")

/** Bytes that nobody reads: 32 hexadecimal digits and more, or 40 mixed characters; agentd's own ids are neither. */
const OPAQUE = /(?<![A-Za-z0-9_-])[A-Za-z0-9_+-]{32,}={0,2}/g
const OWN_ID = /(ses|evt|msg|agt)_[0-9A-HJKMNP-TV-Z]{26}/
const isOpaque = (text: string): boolean =>
  !OWN_ID.test(text) &&
  (/^[0-9a-f]{32,}$/i.test(text) ||
    (text.length >= 40 && /[0-9]/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)))

/** What comes after the at sign in the name of a unit: `user@1000.service`. */
const UNIT = /\.(service|socket|slice|scope|target|mount|timer|path|device|swap)$/

export const rules: ReadonlyArray<Rule> = [
  {
    kind: "private key",
    // One that is cut off ends with the text.
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g
  },
  {
    kind: "url",
    pattern: /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/)([^\s/"'<>]+)@/g,
    replace: (mark, scheme, who) => (MARKED.test(who!) ? null : `${scheme}${mark}@`)
  },
  {
    kind: "header",
    pattern:
      /(?<![A-Za-z0-9-])((?:proxy-)?authorization|x-api-key|api-key|(?:set-)?cookie)(["']?[ \t]{0,3}[:=][ \t]{0,3}["']?)([^\r\n"']+)/gi,
    replace: (mark, name, between, value) => (MARKED.test(value!) ? null : `${name}${between}${mark}`)
  },
  {
    kind: "header",
    pattern: /(?<![A-Za-z0-9-])(bearer|basic)([ \t]{1,3})([A-Za-z0-9._~+/=-]{8,})/gi,
    replace: (mark, scheme, space) => `${scheme}${space}${mark}`
  },
  { kind: "token", pattern: /eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g },
  { kind: "token", pattern: new RegExp(ISSUED, "g") },
  {
    kind: "value",
    // A name, and an equals sign or a colon. What follows other names may hold further ones, and is looked at too.
    pattern: /(?<![A-Za-z0-9_.-])([A-Za-z_-][A-Za-z0-9_.-]*)(["']?[ \t]{0,3}[=:][ \t]{0,3})/g,
    // Quoted, or up to the next blank.
    follows: /"(?:[^"\\]|\\.)*"|'[^']*'|["']?[^\s,;&"')}]+/y,
    replace: (mark, name, between) => (isSecretName(name!) ? `${name}${between}${mark}` : null)
  },
  {
    kind: "value",
    // The same as an option and its argument: --password hunter2.
    pattern: /(?<![A-Za-z0-9_-])(--[A-Za-z][A-Za-z0-9-]*)([ \t]{1,3})([^\s-]\S*)/g,
    replace: (mark, name, space, value) =>
      !isSecretName(name!) || MARKED.test(value!) ? null : `${name}${space}${mark}`
  },
  {
    kind: "e-mail",
    pattern: /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
    replace: (mark, all) => (UNIT.test(all!) ? null : mark)
  },
  { kind: "opaque", pattern: OPAQUE, replace: (mark, all) => (isOpaque(all!.replace(/=+$/, "")) ? mark : null) }
]
