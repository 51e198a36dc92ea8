/**
 * The life of a connection to another machine, as a machine of states: what happens next is decided here, and nowhere else.
 * `docs/remote.md` draws it.
 */

/** Why a connection did not come up, or ended. */
export interface Loss {
  readonly kind: /** Worth another try: no route, refused, timed out, cut. */
    | "network"
    /** The machine's name is not known. */
    | "name"
    /** It wants a password, a passphrase or a key that nobody gave. */
    | "login"
    /** Its host key is not the one that is known. */
    | "host-key"
    /** ssh or the machine refuses what was asked: an option, a forwarding. */
    | "refused"
  readonly reason: string
}

export interface Remote {
  /** The other daemon's socket, over there. */
  readonly socket: string
  readonly version: string
}

export type TunnelState =
  /** ssh is asked for a connection; `batch`: it may ask nobody for a password. */
  | { readonly at: "connecting"; readonly batch: boolean; readonly attempt: number }
  /** ssh is connected; the daemon over there is found, or started, and its socket forwarded. */
  | { readonly at: "starting"; readonly attempt: number }
  | { readonly at: "up"; readonly remote: Remote; readonly since: number; readonly attempt: number }
  /** Waits `delayMs` before the next attempt. */
  | { readonly at: "waiting"; readonly delayMs: number; readonly reason: string; readonly attempt: number }
  /** Stands still until the user connects again from a terminal. */
  | { readonly at: "needs-login"; readonly reason: string }
  /** Stands still: trying again would fail the same way. */
  | { readonly at: "failed"; readonly reason: string }
  | { readonly at: "closed" }

export type TunnelEvent =
  | { readonly type: "connected" }
  | { readonly type: "ready"; readonly remote: Remote; readonly now: number }
  /** The machine has no agentd, or one that we cannot talk to. */
  | { readonly type: "unusable"; readonly reason: string }
  | { readonly type: "lost"; readonly loss: Loss; readonly now: number }
  | { readonly type: "elapsed" }
  /** The user asks for it now; `terminal`: somebody is there to type a password. */
  | { readonly type: "kick"; readonly terminal: boolean }
  | { readonly type: "stop" }

/** Milliseconds before the first new attempt, and at the most: doubled in between. */
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 10_000

/** Milliseconds a connection must have held for the next loss to count as the first one. */
const STEADY_MS = 30_000

export const delayMs = (attempt: number): number => Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS)

export const first = (terminal: boolean): TunnelState => ({ at: "connecting", batch: !terminal, attempt: 0 })

/** An event that means nothing in a state leaves it as it is. */
export const next = (state: TunnelState, event: TunnelEvent): TunnelState => {
  if (state.at === "closed" || event.type === "stop") return { at: "closed" }
  switch (event.type) {
    case "connected":
      return state.at === "connecting" ? { at: "starting", attempt: state.attempt } : state
    case "ready":
      return state.at === "starting"
        ? { at: "up", remote: event.remote, since: event.now, attempt: state.attempt }
        : state
    case "unusable":
      return state.at === "starting" ? { at: "failed", reason: event.reason } : state
    case "lost":
      return isTrying(state) ? afterLoss(state, event) : state
    case "elapsed":
      return state.at === "waiting" ? { at: "connecting", batch: true, attempt: state.attempt } : state
    case "kick":
      return afterKick(state, event.terminal)
  }
}

type Trying = Extract<TunnelState, { readonly at: "connecting" | "starting" | "up" }>

const isTrying = (state: TunnelState): state is Trying =>
  state.at === "connecting" || state.at === "starting" || state.at === "up"

const afterLoss = (state: Trying, { loss, now }: { readonly loss: Loss; readonly now: number }): TunnelState => {
  switch (loss.kind) {
    case "host-key":
    case "refused":
      return { at: "failed", reason: loss.reason }
    case "login":
      return { at: "needs-login", reason: loss.reason }
    case "name":
    case "network": {
      const never = state.at === "connecting" && state.attempt === 0 && !state.batch
      // The very first time, with somebody waiting for it, a name that does not exist is a slip of the pen.
      if (loss.kind === "name" && never) return { at: "failed", reason: loss.reason }
      const attempt = state.at === "up" && now - state.since >= STEADY_MS ? 0 : state.attempt
      return { at: "waiting", delayMs: delayMs(attempt), reason: loss.reason, attempt: attempt + 1 }
    }
  }
}

const afterKick = (state: TunnelState, terminal: boolean): TunnelState => {
  switch (state.at) {
    case "waiting":
      return { at: "connecting", batch: !terminal, attempt: 0 }
    case "needs-login":
    case "failed":
      // Without a terminal it would fail the same way.
      return terminal ? { at: "connecting", batch: false, attempt: 0 } : state
    case "up":
      // ssh is there; the daemon over there may have ended.
      return { at: "starting", attempt: 0 }
    default:
      return state
  }
}

/** For people. */
export const describeState = (state: TunnelState): string => {
  switch (state.at) {
    case "connecting":
      return "connecting"
    case "starting":
      return "connected, asking for the daemon there"
    case "up":
      return `up (agentd ${state.remote.version})`
    case "waiting":
      return `${state.reason}; next attempt in ${Math.round(state.delayMs / 1000)} s`
    case "needs-login":
      return `${state.reason}; waiting for "agentctl connect" on a terminal`
    case "failed":
      return `failed: ${state.reason}`
    case "closed":
      return "closed"
  }
}
