/**
 * Variables that describe the terminal and the login a person comes from, and so change when they come back from elsewhere. Plain
 * constants without an import: the thin client sends them.
 */
export const REFRESHED = [
  "SSH_AUTH_SOCK",
  "SSH_CONNECTION",
  "SSH_TTY",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "TERM",
  "COLORTERM"
] as const

export type RefreshedName = (typeof REFRESHED)[number]

/** Bytes one of them may have: the longest are paths. */
export const MAX_REFRESHED_BYTES = 1024
